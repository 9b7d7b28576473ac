#pragma once

#include <cstddef>
#include <cstdint>

namespace roomcast::wire {

/// How a room's messages are written for a reader.
enum class encoding : std::uint8_t {
  text,  ///< Plain text, by a `text_format`.
  json,  ///< The subprotocol roomcast.v1.
};

inline constexpr std::size_t encodings = 2;

}  // namespace roomcast::wire
