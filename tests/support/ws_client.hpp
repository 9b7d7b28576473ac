#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace roomcast::test {

/// The server answered a handshake with another status than 101.
struct refused : std::runtime_error {
  explicit refused(unsigned s) : std::runtime_error("refused with " + std::to_string(s)), status(s) {}
  unsigned status;
};

/// A WebSocket client of Beast's, on a thread of the caller's. Every call has a deadline, and throws when it is over.
class ws_client {
 public:
  /// Connects to the loopback address, from which side of it does not matter. Throws `refused`.
  explicit ws_client(std::uint16_t port, const std::string& target = "/chat");
  ws_client(ws_client&&) noexcept;
  ~ws_client();

  void send(const std::string& text);

  /// The next message; nothing where the server has closed, or ended, the connection.
  std::optional<std::string> receive();

  /// True where nothing comes for `time`; the client is of no use after that.
  bool hears_nothing_for(std::chrono::milliseconds time);

  /// The code of the server's Close, after `receive` has returned nothing.
  unsigned close_code() const;

  void close();

  /// Ends the connection with a RST, after `bytes` as they are.
  void reset(const std::string& bytes = {});

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace roomcast::test
