#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <random>

namespace roomcast::test {

/// Chance that is the same everywhere for a seed; the standard's own distributions are not.
class dice {
 public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 to `n` - 1.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }

  bool once_in(std::size_t n) { return below(n) == 0; }

  template <class T>
  T one_of(std::initializer_list<T> values) {
    return *std::next(values.begin(), static_cast<std::ptrdiff_t>(below(values.size())));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace roomcast::test
