#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace roomcast::load {

/// When a thread's senders are to speak in the open loop: all senders in turn, at even distances, of which these are some.
class pace {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `own` of `all` senders, in ascending order and at least one, and messages a second of all of them together.
  pace(std::vector<std::uint32_t> own, std::uint32_t all, double rate, time_point begin)
      : own_(std::move(own)), all_(all), rate_(rate), begin_(begin) {}

  /// Whose turn it is, counted among its own.
  std::size_t turn() const noexcept { return at_; }

  time_point due() const noexcept {
    const auto number = static_cast<double>(round_ * all_ + own_[at_]);
    return begin_ + std::chrono::nanoseconds{static_cast<std::int64_t>(number / rate_ * 1e9)};
  }

  void advance() noexcept {
    if (++at_ < own_.size()) return;
    at_ = 0;
    ++round_;
  }

 private:
  std::vector<std::uint32_t> own_;
  std::uint64_t all_;
  double rate_;
  time_point begin_;
  std::size_t at_ = 0;
  std::uint64_t round_ = 0;
};

}  // namespace roomcast::load
