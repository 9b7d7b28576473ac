#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace roomcast::server {

// Quantities as options have them; nothing where the text is none, or exceeds any sensible one.

/// "100"
std::optional<std::uint64_t> parse_count(std::string_view text);

/// With a unit, in whatever case: "500ms", "25s", "5m", "1h", "30d".
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// In bytes, or with a unit, in whatever case: "1000", "64KiB", "1M".
std::optional<std::size_t> parse_size(std::string_view text);

}  // namespace roomcast::server
