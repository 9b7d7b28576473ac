#include "roomcast/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace roomcast {
namespace {

std::size_t length_from_lead(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

bool is_continuation(unsigned char byte) noexcept { return (byte & 0xc0) == 0x80; }

// Eight bytes of ASCII, which is what most texts are made of.
bool starts_with_ascii_word(std::string_view text, std::size_t at) noexcept {
  std::uint64_t word = 0;
  if (text.size() - at < sizeof word) return false;
  std::memcpy(&word, text.data() + at, sizeof word);
  return (word & 0x8080808080808080u) == 0;
}

}  // namespace

code_point decode_utf8(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const std::size_t length = length_from_lead(byte(0));
  if (length == 0 || text.size() - at < length) return {};
  if (length == 1) return {byte(0), 1};
  char32_t value = byte(0) & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(byte(i))) return {};
    value = value << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return {};
  return {value, length};
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (starts_with_ascii_word(text, at)) {
      at += 8;
      continue;
    }
    const auto point = decode_utf8(text, at);
    if (point.length == 0) return false;
    at += point.length;
  }
  return true;
}

bool ends_inside_code_point(std::string_view text) noexcept {
  const std::size_t reach = std::min<std::size_t>(text.size(), 3);
  for (std::size_t back = 1; back <= reach; ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (!is_continuation(byte)) return length_from_lead(byte) > back;
  }
  return false;
}

}  // namespace roomcast
