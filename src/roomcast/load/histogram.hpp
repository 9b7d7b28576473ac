#pragma once

#include "roomcast/load/tally.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace roomcast::load {

/// A distribution of microseconds, in buckets that are exact below 128 us and less than 1 % wide above. One thread records; any
/// thread may copy out what there is.
class histogram {
 public:
  static constexpr unsigned bits = 7;
  static constexpr std::size_t buckets = std::size_t{32 - bits + 1} << bits;

  void record(std::uint32_t us) noexcept {
    counts_[bucket(us)].add();
    if (us > max_.value()) max_.set(us);
  }

  static std::size_t bucket(std::uint32_t us) noexcept;
  /// The largest value in that bucket.
  static std::uint32_t upper(std::size_t bucket) noexcept;

 private:
  friend class distribution;

  std::array<tally, buckets> counts_;
  tally max_;
};

inline std::size_t histogram::bucket(std::uint32_t us) noexcept {
  constexpr std::uint32_t exact = 1u << bits;
  if (us < exact) return us;
  const unsigned shift = static_cast<unsigned>(std::bit_width(us)) - 1 - bits;
  return (static_cast<std::size_t>(shift) << bits) + (us >> shift);
}

/// What several histograms held at one moment.
class distribution {
 public:
  void add(const histogram& h) noexcept;
  /// What came since `earlier`. The maximum remains that of the whole.
  distribution since(const distribution& earlier) const noexcept;

  std::uint64_t samples() const noexcept;
  std::uint32_t max() const noexcept { return max_; }
  /// The value that the share `q` (0 to 1) of the samples does not exceed; 0 where there is none.
  std::uint32_t quantile(double q) const noexcept;

 private:
  std::array<std::uint64_t, histogram::buckets> counts_{};
  std::uint32_t max_ = 0;
};

}  // namespace roomcast::load
