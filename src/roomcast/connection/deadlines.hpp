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
    ping,     ///< Nothing has come for `ping_interval`.
    pong,     ///< Nor for `pong_timeout` after the ping.
    send,     ///< Bytes have waited for `send_timeout`.
    message,  ///< A message has taken longer than `message_timeout`.
    let_go,   ///< Reading is to be held back no longer.
    rate,     ///< It has been held back for too long on end.
    end,      ///< The time given by `must_end` is over.
  };

  static constexpr time_point never = time_point::max();

  /// How long on end a connection may be over its rate.
  static constexpr std::chrono::seconds rate_patience{10};

  /// Only `must_end`, `wind_up` and waiting bytes count, until `open`.
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
    if (message_ == never && !winding_up_) message_ = now;
  }
  void message_ended() noexcept { message_ = never; }
  void blocked(time_point now, bool progress) noexcept {
    if (progress || blocked_ == never) blocked_ = now;
  }
  void unblocked() noexcept { blocked_ = never; }
  /// Since when bytes wait for the peer, who takes none; `never` where none do.
  time_point blocked_since() const noexcept { return blocked_; }
  void hold_back(time_point until) noexcept { hold_ = until; }
  void over_rate(time_point now) noexcept {
    if (over_rate_ == never) over_rate_ = now;
    heard(now);  // what waits to be read is a sign of life
  }
  bool is_over_rate() const noexcept { return over_rate_ != never; }
  void within_rate() noexcept { over_rate_ = never; }
  void must_end(time_point when) noexcept { end_ = when; }

  /// The connection is closing: it has until `when`, the first time that this is said, and nothing else is asked of it but
  /// that it takes what it is owed.
  void wind_up(time_point when) noexcept {
    if (std::exchange(winding_up_, true)) return;
    heard_ = pinged_ = message_ = hold_ = over_rate_ = never;
    end_ = when;
  }

  /// What is due at `now`; a ping, and the end of a hold, is due once.
  due check(time_point now) noexcept;

  /// When something is due next.
  time_point next() const noexcept;

 private:
  const options& limits_;
  time_point heard_ = never;
  time_point pinged_ = never;
  time_point message_ = never;
  time_point blocked_ = never;
  time_point hold_ = never;
  time_point over_rate_ = never;
  time_point end_ = never;
  bool winding_up_ = false;
};

}  // namespace roomcast
