#include "roomcast/log/room_log.hpp"

#include <utility>

namespace roomcast::log {

std::uint64_t room_log::append(wire::message m, std::uint64_t sender) {
  if (!open_) {
    open_ = std::make_shared<batch>();
    open_->begin = end_;
    open_->bytes.reserve(size_hint_);
  }
  m.seq = ++seq_;
  format_.append_frame(open_->bytes, m);
  open_->entries.push_back({m.seq, sender, open_->bytes.size()});
  end_ = open_->end();
  return m.seq;
}

void room_log::seal() {
  if (!open_) return;
  size_hint_ = open_->bytes.size();
  sealed_.push_back(std::exchange(open_, nullptr));
}

std::shared_ptr<const batch> room_log::show() {
  if (sealed_.empty()) return nullptr;
  auto shown = std::move(sealed_.front());
  sealed_.pop_front();
  visible_end_ = shown->end();
  return shown;
}

}  // namespace roomcast::log
