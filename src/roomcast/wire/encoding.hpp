#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace roomcast::wire {

/// How a room's messages are written for a reader.
enum class encoding : std::uint8_t {
  text,    ///< Plain text, by a `text_format`, in WebSocket frames.
  json,    ///< The subprotocol roomcast.v1.
  events,  ///< An event stream, as HTML has it: server-sent events.
};

inline constexpr std::size_t encodings = 3;

inline constexpr std::array all_encodings{encoding::text, encoding::json, encoding::events};

/// Some of the encodings, plain text always among them.
class encoding_set {
 public:
  constexpr bool has(encoding e) const noexcept { return (bits_ & bit(e)) != 0; }
  constexpr void add(encoding e) noexcept { bits_ |= bit(e); }
  constexpr void remove(encoding e) noexcept { bits_ &= ~bit(e) | bit(encoding::text); }

 private:
  static constexpr unsigned bit(encoding e) noexcept { return 1u << static_cast<unsigned>(e); }

  unsigned bits_ = bit(encoding::text);
};

}  // namespace roomcast::wire
