#pragma once

#include "roomcast/load/address.hpp"
#include "roomcast/load/checker.hpp"
#include "roomcast/load/connection.hpp"
#include "roomcast/load/histogram.hpp"
#include "roomcast/load/marker.hpp"
#include "roomcast/load/pace.hpp"
#include "roomcast/load/plan.hpp"
#include "roomcast/load/poller.hpp"
#include "roomcast/load/stage.hpp"
#include "roomcast/load/tally.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::load {

/// What a thread has counted so far. Stalled connections are in the first two only.
struct tallies {
  tally connected;   ///< now
  tally handshakes;  ///< those of connections that come back, too
  tally rejoined;
  tally messages;    ///< sent
  tally deliveries;  ///< of messages of this load, in the room where they belong
  tally strays;      ///< in another room
  tally others;      ///< messages of somebody else's
  tally protocol_errors, lost, refused;
};

/// One thread of the load, with its share of the connections.
class worker {
 public:
  using clock = stage::clock;

  struct failure {
    clock::time_point when;
    std::string what;
  };

  worker(const plan& p, stage& s, const std::vector<address>& addresses, std::uint32_t index);

  /// Takes part in all phases, until the goodbyes of the last are said.
  void run();

  // any thread
  const tallies& counted() const noexcept { return counted_; }
  const histogram& warm_up() const noexcept { return warm_up_; }
  const histogram& measured() const noexcept { return measured_; }
  clock::time_point last_handshake() const noexcept { return clock::time_point{clock::duration{last_handshake_.value()}}; }

  // when it has run
  checker& checks() noexcept { return checker_; }
  const checker& checks() const noexcept { return checker_; }
  const std::deque<connection>& connections() const noexcept { return connections_; }
  bool was_open_to_the_end(const connection& c) const noexcept { return open_to_the_end_[c.row]; }
  const std::optional<failure>& first_failure() const noexcept { return first_failure_; }

 private:
  // phases
  void connect_some();
  void speak_when_due();
  void come_and_go();
  void stop_speaking();
  void look_for_the_rest();
  bool say_goodbye();

  void serve(connection& c, std::uint32_t events);
  void connect(connection& c);
  void refuse(connection& c, int error);
  void on_connected(connection& c);
  void on_readable(connection& c);
  std::optional<std::size_t> admit(connection& c, std::string_view bytes);
  void scan(connection& c, std::string_view bytes, std::size_t from);
  void take(connection& c, std::string_view text);
  void on_close(connection& c, std::string_view payload);
  void on_end(connection& c, const std::string& reason);
  void speak(connection& c, std::uint32_t messages);
  void leave(connection& c);
  void gone(connection& c);
  void expire();

  void fail(connection& c, tally& kind, std::string_view what);
  bool is(stage::phase p) const noexcept { return stage_.now.load(std::memory_order_acquire) == p; }

  const plan& plan_;
  stage& stage_;
  const std::vector<address>& addresses_;
  poller poller_;
  std::deque<connection> connections_;
  std::vector<connection*> senders_;    // in the order of their numbers
  std::vector<connection*> wanderers_;  // who may leave and come back
  std::vector<std::string> requests_;   // by room
  checker checker_;
  marker_reader reader_;
  tallies counted_;
  histogram warm_up_, measured_;
  tally last_handshake_;
  std::optional<failure> first_failure_;
  std::string buffer_;

  clock::time_point now_, wake_;
  clock::time_point next_look_{};  // for what has expired
  std::uint64_t measured_from_ = 0, measured_for_ = 0;  // microseconds, set with the phase of running
  // of what is received at a time
  std::uint64_t received_at_ = 0;  // microseconds
  std::uint64_t delivered_ = 0;
  std::uint32_t completed_ = 0;  // the receiver's own messages

  std::size_t begun_ = 0;     // connections that have been tried
  std::size_t shaking_ = 0;   // of those: connecting or upgrading
  std::optional<pace> pace_;
  std::vector<connection*> touched_;  // that have something new to send
  bool kicked_ = false;       // the closed loop runs
  clock::time_point next_move_{};
  std::size_t next_wanderer_ = 0;
  bool all_tried_ = false, stopped_ = false, drained_ = false, leaving_ = false;
  std::size_t complete_ = 0;  // connections, from the first on, that have got all
  std::vector<bool> open_to_the_end_;
};

}  // namespace roomcast::load
