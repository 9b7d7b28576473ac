#pragma once

#include "roomcast/connection/transport.hpp"
#include "roomcast/connection/websocket.hpp"
#include "roomcast/receipt.hpp"
#include "roomcast/room/lane.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace roomcast {

/// What stands behind a `chat`: its lanes, and the ways in. Any thread, where nothing else is said. Callbacks are called on
/// a lane.
class hub : public std::enable_shared_from_this<hub> {
 public:
  /// One lane on `ex`.
  hub(asio::any_io_executor ex, options o, lane_threading threading, time_source clock = std::chrono::steady_clock::now)
      : hub(std::vector{std::move(ex)}, std::move(o), threading, std::move(clock)) {}

  /// A lane on each of `executors`. Where `s` is null, messages are not stored.
  hub(const std::vector<asio::any_io_executor>& executors, options o, lane_threading threading,
      time_source clock = std::chrono::steady_clock::now, std::unique_ptr<log::store> s = nullptr);
  hub(const hub&) = delete;
  hub& operator=(const hub&) = delete;

  const std::vector<std::shared_ptr<lane>>& lanes() const noexcept { return lanes_; }

  /// The first lane.
  const std::shared_ptr<lane>& home() const noexcept { return lanes_.front(); }

  common& shared() const noexcept { return home()->shared(); }

  /// Runs `body` on lane `where` from its start to its end; `done` follows, unless the executor's context ends first.
  void start(lane& where, task<> body, std::function<void()> done);

  /// Runs a session for `peer`, whose request has been read, on lane `where`; `early` came after it.
  void serve(lane& where, std::unique_ptr<transport> peer, upgrade_request request, std::string early, std::function<void()> done);

  void publish(std::string room, std::string text, std::function<void(error_code, receipt)> done);
  void stop(std::chrono::milliseconds deadline, std::function<void()> done);
  void count(std::function<void(counters)> done);

  /// Drops every session.
  void abandon();

  /// No executor runs any more: what the store was given is stored, and what is on its way between lanes is thrown away. Not
  /// while anything else is called.
  void end() noexcept;

 private:
  void count_from(std::size_t first, counters sum, std::function<void(counters)> done);

  const std::vector<std::shared_ptr<lane>> lanes_;
};

}  // namespace roomcast
