#include "roomcast/load/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace roomcast::load {

std::uint32_t histogram::upper(std::size_t bucket) noexcept {
  if (bucket < (2u << bits)) return static_cast<std::uint32_t>(bucket);
  const std::size_t shift = (bucket >> bits) - 1;
  const std::uint64_t mantissa = (bucket & ((1u << bits) - 1)) | (1u << bits);
  return static_cast<std::uint32_t>(((mantissa + 1) << shift) - 1);
}

void distribution::add(const histogram& h) noexcept {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += h.counts_[i].value();
  max_ = std::max(max_, static_cast<std::uint32_t>(h.max_.value()));
}

distribution distribution::since(const distribution& earlier) const noexcept {
  distribution d = *this;
  for (std::size_t i = 0; i < counts_.size(); ++i) d.counts_[i] -= earlier.counts_[i];
  return d;
}

std::uint64_t distribution::samples() const noexcept { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }

std::uint32_t distribution::quantile(double q) const noexcept {
  const auto rank = std::max(1.0, std::ceil(q * static_cast<double>(samples())));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (static_cast<double>(seen) >= rank) return std::min(histogram::upper(i), max_);
  }
  return 0;
}

}  // namespace roomcast::load
