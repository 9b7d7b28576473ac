#pragma once

#include "roomcast/wire/message.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>

// Server-sent events (HTML, section 9.2): a room for readers that cannot use a WebSocket. Each event's data is one JSON object, as
// JSON members are sent it.

namespace roomcast::wire::events {

/// What is sent where nothing was for long, and no reader takes for an event.
inline constexpr std::string_view keep_alive = ":\n\n";

/// Appends a message, with its sequence number as the event's id; nothing for a binary one.
void append_message(std::pmr::string& out, const message& m);

/// The first event, of the type `welcome`; its id is `since`: after that message the reader goes on if it is cut off now.
struct welcome {
  std::uint64_t since = 0;
  std::string_view room;
  std::string_view epoch;
  std::uint64_t seq = 0;
  bool recovered = false;
  std::size_t members = 0;
};
std::string make_welcome(const welcome& w);

/// Messages `from` to `to` are left out.
std::string make_gap(std::uint64_t from, std::uint64_t to);

/// The last event, of the type `goodbye`, and when the reader should come back.
std::string make_goodbye(std::string_view reason, std::chrono::milliseconds retry_after);

}  // namespace roomcast::wire::events
