#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace roomcast {

/// At most so many a second, in bursts of at most one second's worth; 0 for no limit. A token bucket without a clock.
class rate_limit {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  rate_limit(std::size_t per_second, time_point now) noexcept
      : per_second_(static_cast<float>(per_second)), tokens_(per_second_), last_(now) {}

  /// Takes one; false where there is none left.
  bool take(time_point now) noexcept {
    if (per_second_ == 0) return true;
    const std::chrono::duration<float> passed = now - last_;
    last_ = now;
    tokens_ = std::min(per_second_, tokens_ + passed.count() * per_second_);
    if (tokens_ < 1) return false;
    --tokens_;
    return true;
  }

 private:
  float per_second_;
  float tokens_;
  time_point last_;
};

}  // namespace roomcast
