#pragma once

#include "roomcast/load/connection.hpp"
#include "roomcast/load/pace.hpp"
#include "roomcast/load/plan.hpp"
#include "roomcast/load/stage.hpp"
#include "roomcast/load/tally.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace roomcast::load {

/// The senders of one thread, in the closed loop or in the open one.
class chorus {
 public:
  using time_point = stage::clock::time_point;

  chorus(const plan& p, stage& s, tallies& counted) noexcept : plan_(p), stage_(s), counted_(counted) {}

  /// Gives that connection its voice. Senders come in the order of their numbers.
  void add(connection& c, std::uint32_t sender);

  /// Says what is due, and returns when more will be; the end of time where that depends on what comes back.
  time_point speak(time_point now);

  /// In the closed loop, so many messages of that sender have come back.
  void came_back(connection& c, std::uint32_t messages, time_point now);

  /// Says no more, and tells the others how much it was.
  void stop();

 private:
  time_point speak_at_rate(time_point now);
  void say(connection& c, std::uint32_t messages, time_point now);

  const plan& plan_;
  stage& stage_;
  tallies& counted_;
  std::vector<connection*> senders_;
  std::optional<pace> pace_;          // of the open loop, once it runs
  bool begun_ = false;                // the closed loop
  bool stopped_ = false;
  std::vector<connection*> touched_;  // that have something new to send
};

}  // namespace roomcast::load
