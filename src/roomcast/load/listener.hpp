#pragma once

#include "roomcast/load/checker.hpp"
#include "roomcast/load/histogram.hpp"
#include "roomcast/load/marker.hpp"
#include "roomcast/load/plan.hpp"
#include "roomcast/load/stage.hpp"
#include "roomcast/load/tally.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roomcast::load {

/// Hears all that comes to the connections of one thread: whose messages they are, how long they took, and whether they are
/// as they should be. A connection is known by its row, which is its number among the thread's.
class listener {
 public:
  /// For the connections from `index` on, as the plan deals them out to threads.
  listener(const plan& p, const stage& s, tallies& counted, std::uint32_t index);

  /// What is heard from here on has come at that time.
  void set_clock(stage::clock::time_point now) noexcept { now_ = stage_.microseconds(now); }

  /// Messages are measured where they were due in the measured part of the run, whose times are known from here on.
  void begin_measuring() noexcept;

  /// Takes note of a message in that room. True where it is the receiver's own, `sender`'s, and has not come back before.
  bool hear(std::string_view text, std::size_t row, std::uint32_t room, std::uint32_t sender);

  /// Adds what was heard to the deliveries that other threads see.
  void publish() noexcept {
    if (deliveries_ != 0) counted_.deliveries.add(deliveries_);
    deliveries_ = 0;
  }

  // any thread
  const histogram& warm_up() const noexcept { return warm_up_; }
  const histogram& measured() const noexcept { return measured_; }

  checker checks;

 private:
  void record(std::uint32_t due) noexcept;

  const plan& plan_;
  const stage& stage_;
  tallies& counted_;
  marker_reader reader_;
  std::uint64_t now_ = 0, from_ = 0, length_ = 0;  // microseconds
  std::uint64_t deliveries_ = 0;                   // that are not published
  histogram warm_up_, measured_;
};

inline bool listener::hear(std::string_view text, std::size_t row, std::uint32_t room, std::uint32_t sender) {
  const auto m = reader_.read(text);
  if (!m || m->sender >= plan_.senders()) {
    counted_.others.add();
    return false;
  }
  const auto& seat = plan_.seat_of(m->sender);
  if (seat.room != room) {
    counted_.strays.add();
    return false;
  }
  ++deliveries_;
  record(m->time);
  return checks.see(row, seat.place, m->sequence) && m->sender == sender;
}

inline void listener::record(std::uint32_t due) noexcept {
  // Another thread may have sent it a little later than this one has read the clock.
  const auto passed = static_cast<std::uint32_t>(now_) - due;
  const auto latency = passed < 0x80000000u ? passed : 0;
  (now_ - latency - from_ < length_ ? measured_ : warm_up_).record(latency);
}

}  // namespace roomcast::load
