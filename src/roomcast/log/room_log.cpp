#include "roomcast/log/room_log.hpp"

#include "roomcast/wire/json_protocol.hpp"

#include <algorithm>
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
  open_ = std::allocate_shared<batch>(std::pmr::polymorphic_allocator<batch>{memory_}, memory_, end_, seq_, now);
  open_->json = json_;
  for (std::size_t i = 0; i < wire::encodings; ++i) open_->bytes[i].reserve(expected_.bytes[i]);
  open_->speakers.reserve(expected_.speakers);
  open_->entries.reserve(expected_.entries);
}

std::uint64_t room_log::append(wire::message m) {
  open();
  m.seq = seq_ + 1;
  m.room = room_;
  m.time = open_->time;
  append({.seq = static_cast<std::uint32_t>(m.seq - open_->seq_base), .binary = m.binary, .echo = m.echo}, [&](batch& b) {
    entry& added = b.entries.back();
    if (b.speakers.empty() || b.speakers.back().number != m.sender) {
      b.speakers.push_back({.number = m.sender,
                            .id = m.id,
                            .name = static_cast<std::uint32_t>(b.names.size()),
                            .name_size = static_cast<std::uint32_t>(m.name.size())});
      b.names += m.name;
    }
    added.speaker = static_cast<std::uint32_t>(b.speakers.size() - 1);
    added.text = static_cast<std::uint32_t>(format_.append_frame(b.in(wire::encoding::text), m));
    added.text_size = static_cast<std::uint32_t>(m.text.size());
    if (b.json) wire::json::append_message(b.in(wire::encoding::json), m);
    ++b.messages;
    b.plain_echo = b.plain_echo && m.echo;
  });
  return seq_ = m.seq;
}

void room_log::use_json(bool used) {
  json_ = used;
  if (used && open_ && !open_->json) add_json(*open_);
}

void room_log::add_json(batch& b) const {
  const auto json = static_cast<std::size_t>(wire::encoding::json);
  auto& bytes = b.in(wire::encoding::json);
  for (std::size_t i = 0; i < b.entries.size(); ++i) {
    auto m = b.message(i);
    m.room = room_;
    wire::json::append_message(bytes, m);
    b.entries[i].end[json] = static_cast<std::uint32_t>(bytes.size());
  }
  b.json = true;
}

std::shared_ptr<const batch> room_log::in_json(const std::shared_ptr<const batch>& b) const {
  if (b->json) return b;
  auto copy = std::allocate_shared<batch>(std::pmr::polymorphic_allocator<batch>{memory_}, memory_, b->begin, b->seq_base, b->time);
  copy->in(wire::encoding::text) = b->in(wire::encoding::text);
  copy->names = b->names;
  copy->speakers = b->speakers;
  copy->entries = b->entries;
  copy->messages = b->messages;
  copy->plain_echo = b->plain_echo;
  add_json(*copy);
  return copy;
}

void room_log::seal() {
  if (!open_) return;
  for (std::size_t i = 0; i < wire::encodings; ++i) expected_.bytes[i] = open_->bytes[i].size();
  expected_.speakers = open_->speakers.size();
  expected_.entries = open_->entries.size();
  open_->give_back();
  sealed_.push_back(open_);
  sealed_bytes_ += open_bytes();
  open_.reset();
}

void room_log::show() noexcept {
  visible_end_ = sealed_.front()->end();
  sealed_bytes_ -= size_of(*sealed_.front());
  sealed_.pop_front();
}

}  // namespace roomcast::log
