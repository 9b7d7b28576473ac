#pragma once

#include <atomic>
#include <cstdint>

namespace roomcast::load {

/// A number that one thread changes and any thread may read; for the former it costs no more than a plain one.
class tally {
 public:
  void add(std::uint64_t n = 1) noexcept { set(value() + n); }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What a thread has counted so far. Stalled connections are in the first two only.
struct tallies {
  tally connected;   ///< now
  tally handshakes;  ///< those of connections that come back, too
  tally rejoined;
  tally messages;    ///< sent
  tally deliveries;  ///< of messages of this load, in the room where they belong
  tally strays;      ///< in another room
  tally others;      ///< messages of somebody else's
  tally protocol_errors, lost, refused;
};

}  // namespace roomcast::load
