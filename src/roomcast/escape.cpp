#include "roomcast/escape.hpp"

#include "roomcast/name.hpp"
#include "roomcast/utf8.hpp"

#include <algorithm>

namespace roomcast {

std::string escape(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode_utf8(text, at);
    const std::size_t length = std::max<std::size_t>(point.length, 1);
    if (point.length != 0 && !is_unprintable(point.value)) {
      if (point.value == '\\') out += '\\';
      out += text.substr(at, length);
    } else {
      for (std::size_t i = 0; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + i]);
        out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
      }
    }
    at += length;
  }
  return out;
}

}  // namespace roomcast
