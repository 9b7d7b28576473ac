#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace roomcast {

/// Why `name` cannot be a member's name, in words that finish "the name …"; empty where it can. A name is 1 to 32 code
/// points of valid UTF-8 without control, bidirectional or zero-width characters, without brackets, without a space at
/// either end; `user` followed by digits is reserved for those who choose none.
std::string_view member_name_fault(std::string_view name) noexcept;

/// Whether a code point is a control, bidirectional or zero-width character: one that deceives, or cannot be seen.
bool is_unprintable(char32_t point) noexcept;

/// `[A-Za-z0-9._~-]{1,64}`.
bool is_room_name(std::string_view name) noexcept;

/// The name of one who chose none.
std::string default_member_name(std::uint64_t number);

/// The room that the bare path leads to.
inline constexpr std::string_view lobby = "lobby";

}  // namespace roomcast
