#pragma once

#include "roomcast/client/client.hpp"
#include "roomcast/command/back_off.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace roomcast::command {

namespace asio = boost::asio;

/// What `listen` and `send` have in common: one connection, which comes back where that is asked for, and which ends on
/// SIGINT, SIGTERM, or when it is told to, by a Close of ours. It says on stderr why it ended.
class conversation {
 public:
  conversation(std::string command, client::url where, bool reconnect);

  std::function<void()> on_open = [] {};
  std::function<void(const std::string& text)> on_text = [](const std::string&) {};
  std::function<void()> on_sent = [] {};  ///< bytes have left, or nothing more is at hand

  /// What the server has to speak; it is plain text where it is empty.
  std::string subprotocol;

  /// What each connection adds to the URL's query.
  std::function<std::string()> parameters = [] { return std::string{}; };

  /// How long to wait before coming back, where that is known.
  std::function<std::optional<std::chrono::milliseconds>()> retry_after = [] { return std::nullopt; };

  /// Whether to be interrupted before the goodbye is answered is a failure, as something may be lost.
  bool must_deliver = false;

  /// Runs until it is over; the exit status: 0 where it ended as was asked for, 1 where the server refused, ended or lost it.
  int run();

  /// Says goodbye, after all that is to be sent; with status 0.
  void finish();

  /// Ends at once with status 1, and says why.
  void fail(const std::string& why);

  client::client& connection() noexcept { return *connection_; }
  boost::asio::io_context& context() noexcept { return context_; }

 private:
  void connect();
  void look();
  void met(const client::event& e);
  void opened(const std::string& chosen);
  void over(const std::string& why, bool for_good = false);
  void set_deadline(const char* otherwise);
  void end(int status);
  void wait_for_signal();

  const std::string command_;
  const client::url where_;
  const bool reconnect_;
  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer deadline_;
  back_off back_off_;
  std::optional<client::client> connection_;
  std::optional<int> status_;
  bool open_ = false;
  bool finishing_ = false;
};

}  // namespace roomcast::command
