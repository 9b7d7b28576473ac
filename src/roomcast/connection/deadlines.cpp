#include "roomcast/connection/deadlines.hpp"

#include <algorithm>

namespace roomcast {
namespace {

using time_point = deadlines::time_point;

time_point after(time_point start, std::chrono::milliseconds limit) noexcept {
  return start == deadlines::never ? start : start + limit;
}

}  // namespace

deadlines::due deadlines::check(time_point now) noexcept {
  if (now >= end_) return due::end;
  if (now >= after(blocked_, limits_.send_timeout)) return due::send;
  if (now >= after(pinged_, limits_.pong_timeout)) return due::pong;
  if (now >= after(message_, limits_.message_timeout)) return due::message;
  if (now >= after(over_rate_, rate_patience)) return due::rate;
  if (now >= hold_) {
    hold_ = never;
    return due::let_go;
  }
  if (pinged_ == never && now >= after(heard_, limits_.ping_interval)) {
    pinged_ = now;
    return due::ping;
  }
  return due::nothing;
}

time_point deadlines::next() const noexcept {
  const auto life = pinged_ == never ? after(heard_, limits_.ping_interval) : after(pinged_, limits_.pong_timeout);
  return std::min({end_, hold_, after(over_rate_, rate_patience), after(blocked_, limits_.send_timeout), after(message_, limits_.message_timeout), life});
}

}  // namespace roomcast
