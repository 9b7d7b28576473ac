#pragma once

#include "roomcast/options.hpp"

#include <chrono>
#include <utility>

namespace roomcast {

/// What a connection has to do by when. Pure decisions: it is told the time and what happened. Lane only.
class deadlines {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  enum class due {
    nothing,
    ping,          ///< Nothing has come for `ping_interval`.
    unresponsive,  ///< Nor for `pong_timeout` after the ping; or bytes have waited for `send_timeout`.
    message,       ///< A message has taken longer than `message_timeout`.
    end,           ///< The time given by `must_end` is over.
  };

  static constexpr time_point never = time_point::max();

  /// Only `must_end` and waiting bytes count, until `open`.
  explicit deadlines(const options& limits) noexcept : limits_(limits) {}

  void open(time_point now) noexcept {
    heard_ = now;
    end_ = never;
  }
  /// True where it answers a ping, so that something else is due next.
  bool heard(time_point now) noexcept {
    if (heard_ != never) heard_ = now;
    return std::exchange(pinged_, never) != never;
  }
  void message_began(time_point now) noexcept {
    if (message_ == never) message_ = now;
  }
  void message_ended() noexcept { message_ = never; }
  void blocked(time_point now, bool progress) noexcept {
    if (progress || blocked_ == never) blocked_ = now;
  }
  void unblocked() noexcept { blocked_ = never; }
  void must_end(time_point when) noexcept { end_ = when; }

  /// What is due at `now`; a ping is due once.
  due check(time_point now) noexcept;

  /// When something is due next.
  time_point next() const noexcept;

 private:
  const options& limits_;
  time_point heard_ = never;
  time_point pinged_ = never;
  time_point message_ = never;
  time_point blocked_ = never;
  time_point end_ = never;
};

}  // namespace roomcast
