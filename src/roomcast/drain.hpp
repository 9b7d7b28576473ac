#pragma once

#include "roomcast/room/lane.hpp"

#include <chrono>
#include <cstddef>
#include <functional>

namespace roomcast {

/// Empties a lane: from now on it lets nobody in; its members are closed with 1012, each after everything that was ordered
/// before its turn, spread over a while so that they do not all come back at once; what is left at the deadline is dropped.
/// Lane only.
class drain final : timer_wheel::entry {
 public:
  drain(lane& l, std::chrono::milliseconds deadline, std::function<void()> done);

  void begin();

 private:
  void on_deadline(timer_wheel::time_point now) override;
  void step(timer_wheel::time_point now);

  lane& lane_;
  const timer_wheel::time_point deadline_;
  std::size_t each_step_ = 0;  // members to close a tick
  std::function<void()> done_;
  bool dropped_ = false;  // all that was left at the deadline
};

}  // namespace roomcast
