#pragma once

#include "roomcast/hub.hpp"
#include "roomcast/server/api_keys.hpp"
#include "roomcast/server/listener.hpp"
#include "roomcast/server/service_manager.hpp"
#include "roomcast/server/settings.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace roomcast::server {

/// The command's server: a thread and a listener for each lane, and what the signals ask for. SIGTERM and SIGINT stop it in
/// order, a second one at once; SIGHUP reads the log level and the API's
/// keys again. A service manager is told of it, and shown that all lanes live.
class server {
 public:
  /// Opens the store, and listens. Throws `boost::system::system_error` where it cannot listen, and `std::runtime_error`, whose text
  /// names the option, the file and the reason, where it cannot store or read the API's keys.
  explicit server(settings s);

  ~server();

  asio::ip::tcp::endpoint endpoint() const { return listeners_.front().endpoint(); }

  /// Of `settings::admin_port`.
  std::optional<asio::ip::tcp::endpoint> admin_endpoint() const;

  /// Serves until it is stopped; returns the exit status. `ready` is called once it does: whoever is told so may connect, or
  /// send a signal.
  int run(std::function<void()> ready);

 private:
  // A lane's.
  struct context : asio::io_context {
    context() : asio::io_context(1) {}
    using asio::io_context::shutdown;
  };

  static std::vector<std::unique_ptr<context>> make_contexts(std::size_t many);
  static std::vector<asio::any_io_executor> executors_of(const std::vector<std::unique_ptr<context>>& contexts);
  void wait_for_signal();
  void show_life(std::chrono::microseconds interval);
  void stop();

  void reread();

  const settings settings_;
  const std::unique_ptr<api_keys> keys_;  // null where there is no API
  connection_limits limits_;
  connection_limits admin_limits_;
  std::vector<std::unique_ptr<context>> contexts_;  // one of each lane
  const std::shared_ptr<hub> hub_;
  std::deque<listener> listeners_;
  std::optional<listener> admin_listener_;
  asio::signal_set signals_;
  const service_manager manager_;
  asio::steady_timer watchdog_;
  bool stopping_ = false;
};

}  // namespace roomcast::server
