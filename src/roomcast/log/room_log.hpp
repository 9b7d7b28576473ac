#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/wire/text_format.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>

namespace roomcast::log {

/// The order of one room's messages, as bytes that are ready for the wire.
///
/// A batch is *open* while messages are added to it, *sealed* when it is closed to them, and *visible* when members may be
/// sent it. Between the last two it waits for whoever must have it first; batches become visible in their order.
/// Home lane only.
class room_log {
 public:
  room_log(const wire::text_format& format, std::pmr::memory_resource& memory) : format_(format), memory_(&memory) {}

  /// Orders `m`: gives it the next sequence number, which it returns, and adds its frame to the open batch.
  std::uint64_t append(wire::message m, std::uint64_t sender);

  /// Bytes that have been ordered and are in no sealed batch yet.
  std::size_t open_bytes() const noexcept { return open_ ? open_->bytes.size() : 0; }

  /// Bytes that have been ordered and are not visible yet.
  std::size_t hidden_bytes() const noexcept { return static_cast<std::size_t>(end_ - visible_end_); }

  /// Closes the open batch, if there is one.
  void seal();

  /// The oldest sealed batch; null where there is none.
  std::shared_ptr<const batch> next_to_show() const { return sealed_.empty() ? nullptr : sealed_.front(); }

  /// Makes it visible.
  void show() noexcept;

  /// The position after the last byte that has been ordered: where a newcomer's cursor starts.
  std::uint64_t end() const noexcept { return end_; }

  std::uint64_t visible_end() const noexcept { return visible_end_; }

 private:
  const wire::text_format& format_;
  std::pmr::memory_resource* memory_;
  std::shared_ptr<batch> open_;
  std::deque<std::shared_ptr<const batch>> sealed_;
  std::uint64_t seq_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t visible_end_ = 0;
  std::size_t size_hint_ = 0;  // of the last batch sealed: the next is probably like it
};

}  // namespace roomcast::log
