#pragma once

#include <cstddef>
#include <cstdint>

namespace roomcast {

/// Where a published message stands.
struct receipt {
  std::uint64_t seq = 0;       ///< its sequence number in its room
  std::size_t recipients = 0;  ///< the members of the room when it was ordered, who will be sent it
};

}  // namespace roomcast
