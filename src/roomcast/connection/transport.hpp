#pragma once

#include "roomcast/error.hpp"
#include "roomcast/room/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace roomcast {

/// Bytes to and from one peer, whatever carries them. Lane only. Nothing blocks; waiting is separate from reading and
/// writing, and what waits belongs to the transport's I/O until it is told.
class transport {
 public:
  /// A coroutine's wait, told when it is over; decides whether to resume.
  class waiter {
   public:
    virtual void on_ready(error_code ec, suspended who) = 0;

   protected:
    ~waiter() = default;
  };

  /// The owner of bytes that a transport did not take.
  class writer {
   public:
    virtual void on_writable(error_code ec) = 0;

   protected:
    ~writer() = default;
  };

  virtual ~transport() = default;

  /// How many bytes were there, at least 1. Otherwise 0 and: `would_block`; `eof`, the peer has sent its last; or an error,
  /// after which the connection is of no use.
  virtual std::size_t read_some(std::span<std::byte> into, error_code& ec) noexcept = 0;

  /// How many bytes were taken; fewer than given: no more for now. 0 with `would_block`, or an error as above.
  virtual std::size_t write_some(std::string_view bytes, error_code& ec) noexcept = 0;

  /// One at a time: tells `w` when there is something to read, or with `operation_aborted`.
  virtual void async_wait_readable(waiter& w, suspended who) = 0;

  /// One at a time: tells `w` when bytes would be taken again, or with `operation_aborted`.
  virtual void async_wait_writable(std::shared_ptr<writer> w) = 0;

  /// Ends all waits with `operation_aborted`. They are told later, not from here.
  virtual void cancel() noexcept = 0;

  /// Tells the peer that no more bytes will come.
  virtual void shutdown_send() noexcept = 0;

  /// Ends all waits and the connection.
  virtual void close() noexcept = 0;

  /// The peer's address, while it is connected; empty where it has none.
  virtual std::string address() const { return {}; }

  /// What the kernel knows of the way to the peer.
  struct path {
    std::chrono::microseconds round_trip{0};  ///< smoothed
    std::uint64_t retransmitted = 0;          ///< segments, since the connection began
    std::uint64_t unsent_bytes = 0;           ///< that it was given
    std::uint64_t unacknowledged_bytes = 0;   ///< with those
  };

  /// Nothing where it knows nothing.
  virtual std::optional<path> way_to_peer() const noexcept { return {}; }
};

}  // namespace roomcast
