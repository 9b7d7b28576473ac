#include "roomcast/log/room_log.hpp"

#include <utility>

namespace roomcast::log {

std::uint64_t room_log::append(wire::message m, std::uint64_t sender) {
  if (!open_) {
    open_ = std::allocate_shared<batch>(std::pmr::polymorphic_allocator<batch>{memory_}, memory_, end_);
    open_->bytes.reserve(size_hint_);
  }
  m.seq = seq_ + 1;
  open_->entries.push_back({m.seq, sender, 0});
  try {
    format_.append_frame(open_->bytes, m);
  } catch (...) {
    open_->entries.pop_back();
    open_->bytes.resize(static_cast<std::size_t>(end_ - open_->begin));
    throw;
  }
  open_->entries.back().end = open_->bytes.size();
  end_ = open_->end();
  return seq_ = m.seq;
}

void room_log::seal() {
  if (!open_) return;
  size_hint_ = open_->bytes.size();
  sealed_.push_back(open_);
  open_.reset();
}

void room_log::show() noexcept {
  visible_end_ = sealed_.front()->end();
  sealed_.pop_front();
}

}  // namespace roomcast::log
