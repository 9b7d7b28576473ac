#pragma once

#include <string_view>

namespace roomcast {

/// What somebody says.
struct payload {
  std::string_view bytes;
  bool binary = false;  ///< came in a binary frame; otherwise it is UTF-8
  bool echo = true;     ///< whoever says it gets it, too, where the chat does so
};

}  // namespace roomcast
