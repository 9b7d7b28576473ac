#include "roomcast/log/room_log.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace roomcast::log {

std::size_t room_log::size_of(const batch& b) noexcept {
  std::size_t largest = 0;
  for (const auto& each : b.bytes) largest = std::max(largest, each.size());
  return largest;
}

void room_log::open() {
  if (open_) return;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());  // as it is written
  open_ = encoder_.make(end_, seq_, now, forms_);
  for (std::size_t i = 0; i < wire::encodings; ++i) open_->bytes[i].reserve(expected_.bytes[i]);
  open_->speakers.reserve(expected_.speakers);
  open_->entries.reserve(expected_.entries);
}

void room_log::grew() {
  ++end_;
  if (size_of(*open_) > most) seal();
}

std::uint64_t room_log::append(wire::message m) {
  open();
  m.seq = seq_ + 1;
  m.room = encoder_.room();
  m.time = open_->time;
  encoder_.add(*open_, m);
  seq_ = m.seq;
  grew();
  return seq_;
}

void room_log::use(wire::encoding form) {
  forms_.add(form);
  // What is being stored is read meanwhile.
  for (std::size_t i = settled_; i < sealed_.size(); ++i) {
    if (sealed_[i]->written.has(form)) continue;
    auto copy = encoder_.copy_in_form(*sealed_[i], form);
    sealed_bytes_ += size_of(*copy) - size_of(*sealed_[i]);
    sealed_[i] = std::move(copy);
  }
  if (open_ && !open_->written.has(form)) encoder_.write(*open_, form);
}

void room_log::seal() {
  if (open_bytes() == 0) return;
  for (std::size_t i = 0; i < wire::encodings; ++i) expected_.bytes[i] = open_->bytes[i].size();
  expected_.speakers = open_->speakers.size();
  expected_.entries = open_->entries.size();
  open_->give_back();
  sealed_.push_back(open_);
  sealed_bytes_ += open_bytes();
  if (!is_stored_) ++settled_;
  open_.reset();
}

const batch& room_log::settle(error_code failure) noexcept {
  batch& b = *sealed_[settled_];
  --storing_;
  ++settled_;
  if (failure) {
    sealed_bytes_ -= size_of(b);
    b.lose_messages(failure);
    sealed_bytes_ += size_of(b);
  }
  return b;
}

void room_log::show() noexcept {
  const batch& b = *sealed_.front();
  visible_end_ = b.end();
  if (b.messages != 0) visible_seq_ = b.last_seq();
  sealed_bytes_ -= size_of(b);
  sealed_.pop_front();
  --settled_;
}

}  // namespace roomcast::log
