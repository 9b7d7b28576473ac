#pragma once

#include <cstdint>

namespace roomcast {

/// What a lane has done and holds. Each lane writes its own; `chat::counters` adds them up.
struct counters {
  std::uint64_t sessions = 0;  ///< connections that are members, about to be, or leaving; now
  std::uint64_t members = 0;   ///< now
  std::uint64_t rooms = 0;     ///< now
  std::uint64_t joins = 0;
  std::uint64_t leaves = 0;
  std::uint64_t refused = 0;  ///< upgrade requests that were answered with another status than 101
  std::uint64_t messages_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t batches = 0;
  std::uint64_t sends = 0;  ///< calls that gave bytes to a transport
  std::uint64_t bytes_out = 0;
  std::uint64_t slow_readers_closed = 0;
  std::uint64_t slow_readers_skipped = 0;
  std::uint64_t unresponsive = 0;      ///< dropped: no sign of life, or no byte taken
  std::uint64_t protocol_closes = 0;   ///< closed for what they sent: 1002, 1003, 1007, 1008, 1009

  counters& operator+=(const counters& other) noexcept;
};

}  // namespace roomcast
