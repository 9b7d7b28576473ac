#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace roomcast {

/// At most so many a second, in bursts of at most one second's worth where nothing else is said; 0 for no limit. A token
/// bucket without a clock.
class rate_limit {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  rate_limit(std::size_t per_second, time_point now) noexcept : rate_limit(per_second, per_second, now) {}

  rate_limit(std::size_t per_second, std::size_t burst, time_point now) noexcept
      : per_second_(static_cast<float>(per_second)), burst_(static_cast<float>(burst)), tokens_(burst_), last_(now) {}

  /// Takes one; false where there is none left.
  bool take(time_point now) noexcept {
    if (per_second_ == 0) return true;
    if (now > last_) {  // lanes share one, and each has read the clock at a time of its own
      const std::chrono::duration<float> passed = now - last_;
      last_ = now;
      tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
    }
    if (tokens_ < 1) return false;
    --tokens_;
    return true;
  }

  /// When there will be one, after `take` found none. To take it as of that time, however late it is, loses nothing.
  time_point next() const noexcept {
    const std::chrono::duration<float> wait{(1 - tokens_) / per_second_};
    return last_ + std::chrono::floor<std::chrono::milliseconds>(wait) + std::chrono::milliseconds{1};
  }

 private:
  float per_second_;
  float burst_;
  float tokens_;
  time_point last_;
};

}  // namespace roomcast
