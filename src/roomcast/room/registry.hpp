#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/room/member.hpp"

#include <cstddef>
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

  /// Appends `visible` to the chain and offers it to every member.
  void fan_out(std::shared_ptr<const log::batch> visible) {
    auto newest = std::make_shared<log::link>(std::move(visible));
    if (newest_) newest_->next = newest;
    newest_ = std::move(newest);
    for (member* m : members_) m->deliver(newest_);
    if (newest_.use_count() == 1) newest_.reset();  // nobody lags: nothing to keep
  }

  const std::vector<member*>& members() const noexcept { return members_; }

 private:
  std::vector<member*> members_;
  std::shared_ptr<log::link> newest_;
};

}  // namespace roomcast
