#pragma once

#include "roomcast/wire/message.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::wire {

/// UTC, ISO 8601 with milliseconds: `2026-11-23T15:40:00.123Z`. Of the years 0 to 9999.
class iso_time {
 public:
  explicit iso_time(std::chrono::system_clock::time_point time) noexcept;

  std::string_view view() const noexcept { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 24> text_;
};

/// The plain-text encoding: a format string, compiled once. Immutable, so any thread may use it.
class text_format {
 public:
  /// Throws `std::invalid_argument`, whose text says what is wrong and where.
  explicit text_format(std::string_view format);

  /// Appends `m` to `out` as one whole server-side WebSocket frame; a binary message as it came. Returns where in `out` its
  /// text begins.
  std::size_t append_frame(std::pmr::string& out, const message& m) const;

 private:
  enum class field { literal, name, text, room, seq, time };
  struct piece {
    field what;
    std::string literal;
  };

  std::vector<piece> pieces_;
  bool shows_seq_ = false;
  bool shows_time_ = false;
};

}  // namespace roomcast::wire
