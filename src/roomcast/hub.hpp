#pragma once

#include "roomcast/connection/transport.hpp"
#include "roomcast/connection/websocket.hpp"
#include "roomcast/drain.hpp"
#include "roomcast/receipt.hpp"
#include "roomcast/room/lane.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace roomcast {

/// What stands behind a `chat`: its lanes, and the ways in. Any thread, where nothing else is said. Callbacks are called on
/// a lane.
class hub : public std::enable_shared_from_this<hub> {
 public:
  hub(asio::any_io_executor ex, options o, lane_threading threading, time_source clock = std::chrono::steady_clock::now);
  hub(const hub&) = delete;
  hub& operator=(const hub&) = delete;

  const std::shared_ptr<lane>& home() const noexcept { return lane_; }
  common& shared() const noexcept { return lane_->shared(); }

  /// Runs `body` on the lane from its start to its end; `done` follows, unless the executor's context ends first.
  void start(task<> body, std::function<void()> done);

  /// Runs a session for `peer`, whose request has been read; `early` came after it.
  void serve(std::unique_ptr<transport> peer, upgrade_request request, std::string early, std::function<void()> done);

  void publish(std::string room, std::string text, std::function<void(error_code, receipt)> done);
  void stop(std::chrono::milliseconds deadline, std::function<void()> done);
  void count(std::function<void(counters)> done);

  /// Drops every session.
  void abandon();

 private:
  const std::shared_ptr<lane> lane_;
  std::vector<std::unique_ptr<drain>> drains_;  // lane only
};

}  // namespace roomcast
