#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/room/member.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

namespace roomcast {

/// A lane's share of a room's members, and the chain of batches that their cursors stand in. Lane only.
class registry {
 public:
  explicit registry(std::pmr::memory_resource& memory) noexcept : memory_(&memory) {}

  void add(member& m) {
    m.slot_ = members_.size();
    members_.push_back(&m);
  }

  void remove(member& m) noexcept {
    members_[m.slot_] = members_.back();
    members_[m.slot_]->slot_ = m.slot_;
    members_.pop_back();
  }

  /// A link for the chain's end.
  std::shared_ptr<log::link> make_link(std::shared_ptr<const log::batch> next, log::link::time_point now) const {
    return link_of(std::move(next), weight_, now);
  }

  /// A chain of `batches`, the last of which is the newest that is visible, for one reader alone up to that: what becomes visible
  /// next follows on it. Returns its first and its last link; null where there are none.
  std::pair<std::shared_ptr<log::link>, const log::link*> replay(const std::vector<std::shared_ptr<const log::batch>>& batches);

  /// Appends `newest` to the chain and offers it to every member. One for whom memory runs out is dropped.
  void fan_out(const std::shared_ptr<log::link>& newest) noexcept {
    weight_ = newest->weight_after;
    if (const auto last = newest_.lock()) last->next = newest;
    newest_ = newest;
    for (member* m : members_) {
      try {
        m->deliver(newest);
      } catch (const std::exception&) {
        m->drop();
      }
    }
  }

  const std::vector<member*>& members() const noexcept { return members_; }

  /// The chain's end; null where nobody lags.
  std::shared_ptr<log::link> newest() const noexcept { return newest_.lock(); }

 private:
  std::shared_ptr<log::link> link_of(std::shared_ptr<const log::batch> b, std::uint64_t before, log::link::time_point now) const {
    return std::allocate_shared<log::link>(std::pmr::polymorphic_allocator<log::link>{memory_}, std::move(b), before, now);
  }

  std::pmr::memory_resource* memory_;
  std::vector<member*> members_;
  std::weak_ptr<log::link> newest_;  // those who lag keep it
  std::uint64_t weight_ = 0;  // of all links so far, modulo 2^64
};

inline std::pair<std::shared_ptr<log::link>, const log::link*> registry::replay(const std::vector<std::shared_ptr<const log::batch>>& batches) {
  if (batches.empty()) return {};
  auto last = newest_.lock();
  if (!last) {
    last = link_of(batches.back(), weight_, {});
    weight_ = last->weight_after;
    newest_ = last;
  }
  auto first = last;
  for (std::size_t i = batches.size() - 1; i-- > 0;) {
    auto before = link_of(batches[i], first->weight_before - weight_of(*batches[i]), {});
    before->next = std::move(first);
    first = std::move(before);
  }
  return {std::move(first), last.get()};
}

}  // namespace roomcast
