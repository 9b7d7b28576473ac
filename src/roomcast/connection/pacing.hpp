#pragma once

#include "roomcast/options.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/rate_limit.hpp"

#include <algorithm>

namespace roomcast {

/// How one connection is held to `options::rate`. Lane only.
struct pacing {
  explicit pacing(const lane& home)
      : rate(home.config().rate, burst(home.config()), home.now()), let_go(home.executor(), lane::timer::time_point::max()) {}

  // Deadlines are coarse: with less than two ticks' worth the rate itself would not be reached.
  static std::size_t burst(const options& o) noexcept {
    return std::max(o.burst != 0 ? o.burst : o.rate, (o.rate + 9) / 10);
  }

  rate_limit rate;
  lane::timer let_go;  ///< never expires: cancelled when the session is to go on
};

}  // namespace roomcast
