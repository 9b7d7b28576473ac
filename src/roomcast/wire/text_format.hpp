#pragma once

#include <cstddef>
#include <cstdint>
#include <chrono>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::wire {

/// What a message consists of, whatever the encoding.
struct message {
  std::uint64_t seq = 0;
  std::string_view room;
  std::string_view name;  ///< the sender's
  std::string_view text;
  bool binary = false;  ///< `text` came in a binary frame
  std::chrono::system_clock::time_point time;
};

/// UTC, ISO 8601 with milliseconds: `2026-11-23T15:40:00.123Z`.
std::string iso_time(std::chrono::system_clock::time_point time);

/// The plain-text encoding: a format string, compiled once. Immutable, so any thread may use it.
class text_format {
 public:
  /// Throws `std::invalid_argument`, whose text says what is wrong and where.
  explicit text_format(std::string_view format);

  /// Appends `m` to `out` as one whole server-side WebSocket frame; a binary message as it came.
  void append_frame(std::pmr::string& out, const message& m) const;

  /// Whether the time of a message shows, so that a clock need be read for it.
  bool shows_time() const noexcept { return shows_time_; }

 private:
  enum class field { literal, name, text, room, seq, time };
  struct piece {
    field what;
    std::string literal;
  };

  std::vector<piece> pieces_;
  bool shows_time_ = false;
};

}  // namespace roomcast::wire
