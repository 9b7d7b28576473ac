#pragma once

#include "roomcast/client/url.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::client {

/// What a client has met.
struct event {
  enum class kind {
    opened,   ///< The handshake is done: `text` is the subprotocol that the server has chosen, if any.
    refused,  ///< `code` is the HTTP status, `text` the answer's first line.
    text,
    binary,
    ping,
    pong,
    closed,  ///< By a Close of the server's: `code` and, in `text`, its reason.
    lost,    ///< In any other way: `text` says how.
  };

  kind what;
  std::string text = {};
  unsigned code = 0;
};

struct header {
  std::string name, value;
};

/// A WebSocket client, by Beast. What it meets is queued in `events`; pings are answered. It is driven by its io_context,
/// on one thread, and belongs to that; destroying it ends the connection.
class client {
 public:
  /// Begins to connect. `notify` is called after each new event, and when what was to be sent has been.
  client(boost::asio::io_context& context, const url& where, std::vector<header> headers, std::function<void()> notify);
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client();

  std::deque<event>& events() noexcept;

  // Sending is in order; what comes before the handshake is done waits for it.
  void send_text(std::string text);
  void send_fragments(std::vector<std::string> parts);
  void send_ping(std::string payload);
  void send_raw(std::string bytes);
  void close(std::uint16_t code, std::string_view reason);

  /// Bytes that have not left yet.
  std::size_t unsent() const noexcept;

  /// Stops and goes on receiving.
  void pause();
  void resume();

  /// Ends our side only.
  void shutdown_send();

  /// Ends the connection with a RST.
  void reset();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace roomcast::client
