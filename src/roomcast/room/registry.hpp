#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/log/cursor.hpp"
#include "roomcast/log/history.hpp"
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
  std::shared_ptr<log::link> make_link(std::shared_ptr<const log::batch> next) const { return link_of(std::move(next), weight_, false); }

  /// Makes `c` read what is replayed, before what becomes visible from now on.
  void replay(const log::replay& what, log::cursor& c) const;

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
  std::shared_ptr<log::link> link_of(std::shared_ptr<const log::batch> b, std::uint64_t before, bool again) const {
    return std::allocate_shared<log::link>(std::pmr::polymorphic_allocator<log::link>{memory_}, std::move(b), before, again);
  }

  std::pmr::memory_resource* memory_;
  std::vector<member*> members_;
  std::weak_ptr<log::link> newest_;  // those who lag keep it
  std::uint64_t weight_ = 0;  // of all links so far, modulo 2^64
};

inline void registry::replay(const log::replay& what, log::cursor& c) const {
  std::shared_ptr<log::link> first;
  log::link* last = nullptr;
  std::uint64_t own = 0;
  for (std::size_t i = what.batches.size(); i-- > 0;) {
    const auto& b = what.batches[i];
    auto before = link_of(b, (first ? first->weight_before : weight_) - log::weight_of(*b), true);
    if (!last) last = before.get();
    before->next = std::move(first);
    first = std::move(before);
    if (i + 1 == what.own) own = first->weight_after;
  }
  if (!first) return;
  if (what.own == 0) own = first->weight_before;
  c.replay(std::move(first), *last, what.first, own);
}

}  // namespace roomcast
