#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/wire/text_format.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>

namespace roomcast::log {

/// The order of one room's messages, as bytes that are ready for the wire.
///
/// A batch is *open* while entries are added to it, *sealed* when it is closed to them, and *visible* when members may be
/// sent it. Between the last two it waits for whoever must have it first; batches become visible in their order.
/// Home lane only.
class room_log {
 public:
  room_log(std::string_view room, const wire::text_format& format, std::pmr::memory_resource& memory)
      : room_(room), format_(format), memory_(&memory) {}

  /// Goes on after message `seq`. Before anything else is asked.
  void resume_after(std::uint64_t seq) noexcept { seq_ = seq; }

  /// Orders `m`: gives it the next sequence number, which it returns, and the time; adds its frames to the open batch.
  std::uint64_t append(wire::message m);

  /// Adds a notice to the open batch: `write` appends its frame, in JSON, to a string.
  template <class Write>
  void append_notice(Write write) {
    open();
    append({.seq = static_cast<std::uint32_t>(seq_ - open_->seq_base), .notice = true}, [&](batch& b) { write(b.in(wire::encoding::json)); });
  }

  /// Whether batches are written in JSON from now on, with what is open already.
  void use_json(bool used);

  /// Bytes that have been ordered and are in no sealed batch yet.
  std::size_t open_bytes() const noexcept { return open_ ? size_of(*open_) : 0; }

  /// Bytes that have been ordered and are not visible yet.
  std::size_t hidden_bytes() const noexcept { return sealed_bytes_ + open_bytes(); }

  /// Closes the open batch, if there is one.
  void seal();

  /// The oldest sealed batch; null where there is none.
  std::shared_ptr<const batch> next_to_show() const { return sealed_.empty() ? nullptr : sealed_.front(); }

  /// Makes it visible.
  void show() noexcept;

  /// The position after the last entry: where a newcomer's cursor starts.
  std::uint64_t end() const noexcept { return end_; }

  std::uint64_t visible_end() const noexcept { return visible_end_; }

  /// The sequence number of the last message.
  std::uint64_t seq() const noexcept { return seq_; }

  /// `b`, or a copy of it that is written in JSON, too.
  std::shared_ptr<const batch> in_json(const std::shared_ptr<const batch>& b) const;

 private:
  // What a batch beyond it may not become: a message more, with all of its characters escaped, has to fit into 4 GiB.
  static constexpr std::size_t most = std::size_t{1} << 30;

  static std::size_t size_of(const batch& b) noexcept;
  void open();
  template <class Write>
  void append(entry e, Write write);
  void add_json(batch& b) const;

  const std::string_view room_;
  const wire::text_format& format_;
  std::pmr::memory_resource* memory_;
  std::shared_ptr<batch> open_;
  std::deque<std::shared_ptr<const batch>> sealed_;
  std::size_t sealed_bytes_ = 0;
  std::uint64_t seq_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t visible_end_ = 0;
  bool json_ = false;

  // The sizes of the last batch sealed: the next is probably like it.
  struct {
    std::array<std::size_t, wire::encodings> bytes{};
    std::size_t speakers = 0;
    std::size_t entries = 0;
  } expected_;
};

template <class Write>
void room_log::append(entry e, Write write) {
  batch& b = *open_;
  const entry before = b.entries.empty() ? entry{} : b.entries.back();
  b.entries.push_back(e);
  try {
    write(b);
  } catch (...) {
    b.entries.pop_back();
    for (std::size_t i = 0; i < wire::encodings; ++i) b.bytes[i].resize(before.end[i]);
    throw;
  }
  for (std::size_t i = 0; i < wire::encodings; ++i) b.entries.back().end[i] = static_cast<std::uint32_t>(b.bytes[i].size());
  ++end_;
  if (size_of(b) > most) seal();
}

}  // namespace roomcast::log
