#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace roomcast::load {

/// What the threads of a load have in common besides the plan.
struct stage {
  using clock = std::chrono::steady_clock;
  enum class phase { connecting, running, draining, closing };

  explicit stage(std::uint32_t senders) : sent(senders) {}

  std::atomic<phase> now{phase::connecting};
  const clock::time_point epoch = clock::now();  ///< from which markers count their time

  // set before running
  clock::time_point begin;  ///< of speaking
  clock::time_point from;   ///< of what is measured
  clock::time_point until;  ///< of both

  /// How many threads have tried all their connections, have stopped speaking, have got all that was said.
  std::atomic<std::uint32_t> connected{0}, stopped{0}, drained{0};

  /// How many messages, by sender; each is set by the sender's thread before that counts itself among the stopped.
  std::vector<std::uint32_t> sent;

  std::uint64_t microseconds(clock::time_point t) const noexcept {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(t - epoch).count());
  }
};

}  // namespace roomcast::load
