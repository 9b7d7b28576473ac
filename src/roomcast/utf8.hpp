#pragma once

#include <cstddef>
#include <string_view>

namespace roomcast {

/// One code point of `text` at `at`, and how many bytes it takes; `length` is 0 where the bytes are not valid UTF-8
/// (RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF).
struct code_point {
  char32_t value = 0;
  std::size_t length = 0;
};

code_point decode_utf8(std::string_view text, std::size_t at) noexcept;

bool is_utf8(std::string_view text) noexcept;

/// True where `text`, valid so far, stops in the middle of a code point.
bool ends_inside_code_point(std::string_view text) noexcept;

}  // namespace roomcast
