#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace roomcast {

/// How often a value lay in which of some ranges. `Bounds` are the upper ends of the ranges, in ascending order, each
/// belonging to its range; one more range has no end.
template <const auto& Bounds>
struct histogram {
  std::array<std::uint64_t, Bounds.size() + 1> counts{};
  std::uint64_t sum = 0;  ///< of the values

  void record(std::uint64_t value) noexcept {
    std::size_t range = 0;
    while (range < Bounds.size() && value > Bounds[range]) ++range;
    ++counts[range];
    sum += value;
  }

  histogram& operator+=(const histogram& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum += other.sum;
    return *this;
  }
};

}  // namespace roomcast
