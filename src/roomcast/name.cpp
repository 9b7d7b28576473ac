#include "roomcast/name.hpp"

#include "roomcast/utf8.hpp"

#include <algorithm>
#include <array>

namespace roomcast {
namespace {

constexpr std::size_t max_member_name = 32;  // code points
constexpr std::size_t max_room_name = 64;

struct range {
  char32_t first, last;
};

// Unicode's general categories Cc and Zl/Zp, the bidirectional controls, and what is drawn with no width.
constexpr std::array unprintable{
    range{0x0000, 0x001f},  range{0x007f, 0x009f},  range{0x00ad, 0x00ad},   range{0x034f, 0x034f},
    range{0x061c, 0x061c},  range{0x115f, 0x1160},  range{0x17b4, 0x17b5},   range{0x180b, 0x180f},
    range{0x200b, 0x200f},  range{0x2028, 0x202e},  range{0x2060, 0x206f},   range{0x3164, 0x3164},
    range{0xfe00, 0xfe0f},  range{0xfeff, 0xfeff},  range{0xffa0, 0xffa0},   range{0xfff0, 0xfffb},
    range{0x1d173, 0x1d17a}, range{0xe0000, 0xe0fff},
};

bool is_space(char32_t point) noexcept {
  return point == 0x20 || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x202f ||
         point == 0x205f || point == 0x3000;
}

bool is_reserved(std::string_view name) noexcept {
  constexpr std::string_view prefix = "user";
  return name.size() > prefix.size() && name.starts_with(prefix) &&
         std::all_of(name.begin() + prefix.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_unprintable(char32_t point) noexcept {
  return std::any_of(unprintable.begin(), unprintable.end(),
                     [=](range r) { return point >= r.first && point <= r.last; });
}

std::string_view member_name_fault(std::string_view name) noexcept {
  if (name.empty()) return "is empty";
  std::size_t points = 0;
  bool space = false;  // whether the last code point was one
  for (std::size_t at = 0; at < name.size();) {
    const auto point = decode_utf8(name, at);
    if (point.length == 0) return "is not valid UTF-8";
    if (is_unprintable(point.value)) return "has a control, bidirectional or zero-width character";
    if (point.value == '[' || point.value == ']') return "has a bracket";
    space = is_space(point.value);
    if (space && at == 0) return "begins with a space";
    if (++points > max_member_name) return "is longer than 32 characters";
    at += point.length;
  }
  if (space) return "ends with a space";
  if (is_reserved(name)) return "is reserved: 'user' followed by digits is for those who choose none";
  return {};
}

bool is_room_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= max_room_name && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '~' || c == '-';
  });
}

std::string default_member_name(std::uint64_t number) { return "user" + std::to_string(number); }

}  // namespace roomcast
