#pragma once

#include "roomcast/load/address.hpp"
#include "roomcast/load/chorus.hpp"
#include "roomcast/load/connection.hpp"
#include "roomcast/load/listener.hpp"
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
  const histogram& warm_up() const noexcept { return listener_.warm_up(); }
  const histogram& measured() const noexcept { return listener_.measured(); }
  clock::time_point last_handshake() const noexcept { return clock::time_point{clock::duration{last_handshake_.value()}}; }

  // when it has run
  checker& checks() noexcept { return listener_.checks; }
  const checker& checks() const noexcept { return listener_.checks; }
  const std::deque<connection>& connections() const noexcept { return connections_; }
  bool was_open_to_the_end(const connection& c) const noexcept { return open_to_the_end_[c.row]; }
  const std::optional<failure>& first_failure() const noexcept { return first_failure_; }

 private:
  // phases
  void connect_some();
  void come_and_go();
  void look_for_the_rest();
  bool say_goodbye();

  void serve(connection& c, std::uint32_t events);
  void connect(connection& c);
  void refuse(connection& c, int error);
  void on_connected(connection& c);
  void on_readable(connection& c);
  std::optional<std::size_t> admit(connection& c, std::string_view bytes);
  void scan(connection& c, std::string_view bytes, std::size_t from);
  void on_close(connection& c, std::string_view payload);
  void on_end(connection& c, const std::string& reason);
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
  std::vector<connection*> wanderers_;  // who may leave and come back
  std::vector<std::string> requests_;   // by room
  tallies counted_;
  listener listener_;
  chorus chorus_;
  tally last_handshake_;
  std::optional<failure> first_failure_;
  std::string buffer_;

  clock::time_point now_, wake_;
  clock::time_point next_look_{};  // for what has expired
  std::size_t begun_ = 0;          // connections that have been tried
  std::size_t shaking_ = 0;        // of those: connecting or upgrading
  clock::time_point next_move_{};  // of a wanderer
  std::size_t next_wanderer_ = 0;
  bool all_tried_ = false, drained_ = false, leaving_ = false;
  std::size_t complete_ = 0;  // connections, from the first on, that have got all
  std::vector<bool> open_to_the_end_;
};

}  // namespace roomcast::load
