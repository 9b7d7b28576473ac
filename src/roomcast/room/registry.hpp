#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/room/member.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

namespace roomcast {

/// A lane's share of a room's members, and the chain of batches that their cursors stand in. Lane only.
class registry {
 public:
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
  std::shared_ptr<log::link> make_link(std::shared_ptr<const log::batch> next) const {
    return std::make_shared<log::link>(std::move(next), weight_);
  }

  /// Appends `newest` to the chain and offers it to every member. One for whom memory runs out is dropped.
  void fan_out(std::shared_ptr<log::link> newest) noexcept {
    weight_ = newest->weight_after();
    if (newest_) newest_->next = newest;
    newest_ = std::move(newest);
    for (member* m : members_) {
      try {
        m->deliver(newest_);
      } catch (const std::exception&) {
        m->drop();
      }
    }
    if (newest_.use_count() == 1) newest_.reset();  // nobody lags: nothing to keep
  }

  const std::vector<member*>& members() const noexcept { return members_; }

 private:
  std::vector<member*> members_;
  std::shared_ptr<log::link> newest_;
  std::uint64_t weight_ = 0;  // of all links so far
};

}  // namespace roomcast
