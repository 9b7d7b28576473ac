#pragma once

#include "roomcast/chat.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

namespace roomcast::test {

/// An application with a chat in it, on threads of its own; every request goes to the chat.
class application {
 public:
  explicit application(options o = {}, int threads = 2);
  ~application();

  std::uint16_t port() const { return port_; }
  roomcast::chat& chat() { return *chat_; }
  boost::asio::io_context& context() { return context_; }

  counters count();

  /// Waits until `holds` of the counters, for at most a minute.
  bool wait_until(const std::function<bool(const counters&)>& holds);

  void stop(std::chrono::milliseconds deadline);

  /// Destroys the chat, with whatever it holds.
  void drop_chat() { chat_.reset(); }

 private:
  void accept();

  boost::asio::io_context context_;
  std::optional<roomcast::chat> chat_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::vector<std::jthread> threads_;
};

}  // namespace roomcast::test
