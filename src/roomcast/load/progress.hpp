#pragma once

#include "roomcast/load/histogram.hpp"

#include <chrono>
#include <cstdint>

namespace roomcast::load {

/// What all threads together had counted at one moment.
struct snapshot {
  std::chrono::steady_clock::time_point when{};
  std::uint64_t connected = 0, messages = 0, deliveries = 0;
  distribution latency;
};

/// A line on a terminal that is written over once a second.
class progress {
 public:
  explicit progress(std::chrono::steady_clock::time_point begin) noexcept : begin_(begin) { last_.when = begin; }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  /// Leaves nothing of the line.
  ~progress();

  std::chrono::steady_clock::time_point next() const noexcept { return last_.when + std::chrono::seconds{1}; }

  /// Shows what has been done since the snapshot before.
  void show(const snapshot& now);

 private:
  std::chrono::steady_clock::time_point begin_;
  snapshot last_;
};

}  // namespace roomcast::load
