#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace roomcast::command {

/// How long to wait before each attempt to connect again, so that the many whom one restart has cut off do not come back at
/// once: at random from the first attempt on, up to a bound that doubles from one second to half a minute.
class back_off {
 public:
  using milliseconds = std::chrono::milliseconds;

  static constexpr milliseconds first{1000};
  static constexpr milliseconds longest{30'000};

  explicit back_off(unsigned seed) : random_(seed) {}

  milliseconds next() {
    const milliseconds wait{std::uniform_int_distribution<milliseconds::rep>{0, bound_.count()}(random_)};
    bound_ = std::min(bound_ * 2, longest);
    return wait;
  }

  /// It has worked.
  void reset() noexcept { bound_ = first; }

 private:
  std::minstd_rand random_;
  milliseconds bound_ = first;
};

}  // namespace roomcast::command
