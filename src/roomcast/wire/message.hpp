#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace roomcast::wire {

/// What a message consists of, whatever the encoding.
struct message {
  std::uint64_t seq = 0;
  std::uint64_t sender = 0;  ///< its member's number; 0 for one who is no member
  std::uint64_t id = 0;      ///< its member's id, which outlives a connection; otherwise the number
  std::string_view room;
  std::string_view name;  ///< the sender's
  std::string_view text;
  bool binary = false;  ///< `text` came in a binary frame
  bool echo = true;     ///< its sender gets it, too, where the room does so
  std::chrono::system_clock::time_point time;
};

}  // namespace roomcast::wire
