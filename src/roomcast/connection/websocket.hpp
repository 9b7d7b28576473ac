#pragma once

#include "roomcast/connection/connection.hpp"
#include "roomcast/payload.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <coroutine>
#include <memory>
#include <optional>
#include <string_view>

namespace roomcast {

namespace http = boost::beast::http;

using upgrade_request = http::request<http::empty_body>;

/// The WebSocket protocol on a connection: messages, of those that the inbox has whole, and those that Beast reassembles from
/// what the inbox hands it. Beast knows nothing of what goes out, and nothing of its is kept between two messages.
/// Lane only. The connection outlives it.
class websocket {
 public:
  explicit websocket(connection& c);
  ~websocket();

  /// Answers `request`, which has been examined, with 101.
  error_code accept(const upgrade_request& request);

  /// The same with a subprotocol, whose frame `first` goes out before anything of the room does.
  error_code accept(const upgrade_request& request, std::string_view subprotocol, std::string_view first);

  /// The answer to the peer's Close, which is still to be sent; empty where it has sent none.
  std::string_view close_frame() const noexcept;

  class receive_awaiter;

  /// Completes with the next message, which stays valid until the next call, or with nothing when the connection is over.
  /// At once, without a turn of the executor, where the message is here already.
  receive_awaiter receive() noexcept;

 private:
  enum class progress { message, nothing, over };

  class stream;
  class stream_pool;

  error_code accept(const upgrade_request& request, std::unique_ptr<stream> answering);
  progress read();
  progress read_whole();
  progress read_frame();
  progress fail(std::uint64_t counters::*counter, std::uint16_t code, std::string_view reason);
  progress pause();
  void keep();
  payload message() const noexcept;

  connection& connection_;
  stream_pool& streams_;
  std::unique_ptr<stream> stream_;  // from a message's first bytes to its last
  std::size_t filled_ = 0;          // of the lane's message buffer, by the same message
  bool binary_ = false;             // it is
  bool delivered_ = false;          // it has been handed out
  bool whole_ = false;              // it came in one frame and in one piece
};

/// What `websocket::receive` waits for.
class [[nodiscard]] websocket::receive_awaiter final : transport::waiter {
 public:
  explicit receive_awaiter(websocket& ws) noexcept : ws_(ws) {}

  bool await_ready() { return (progress_ = ws_.read()) != progress::nothing; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> reader) {
    ws_.connection_.wait_readable(*this, suspended{reader, reader.promise().root});
  }

  std::optional<payload> await_resume() const noexcept {
    if (progress_ == progress::over) return {};
    return ws_.message();
  }

 private:
  // The reader is resumed for a whole message only.
  void on_ready(error_code, suspended reader) override {
    ws_.connection_.receive();
    progress_ = ws_.read();
    if (progress_ == progress::nothing)
      ws_.connection_.wait_readable(*this, std::move(reader));
    else
      reader.resume();
  }

  websocket& ws_;
  progress progress_ = progress::nothing;
};

inline websocket::receive_awaiter websocket::receive() noexcept { return receive_awaiter{*this}; }

}  // namespace roomcast
