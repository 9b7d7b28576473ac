#include "ws_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include <utility>

namespace roomcast::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using error_code = boost::system::error_code;

struct ws_client::state {
  asio::io_context context;
  beast::websocket::stream<tcp::socket> stream{context};
  beast::flat_buffer buffer;

  // Runs one operation to its end.
  template <class Start>
  error_code run(Start start, std::chrono::milliseconds deadline = std::chrono::seconds{60}) {
    const auto result = std::make_shared<std::optional<error_code>>();  // which the operation may outlive
    start([result](error_code ec, auto...) { *result = ec; });
    context.restart();
    context.run_for(deadline);
    if (!*result) throw std::runtime_error("a WebSocket client waited for too long");
    return **result;
  }

  void check(error_code ec) {
    if (ec) throw boost::system::system_error(ec);
  }
};

ws_client::ws_client(std::uint16_t port, const std::string& target) : state_(std::make_unique<state>()) {
  auto& s = *state_;
  s.stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
  s.stream.next_layer().set_option(tcp::no_delay(true));
  beast::websocket::response_type answer;
  const auto ec = s.run([&](auto done) { s.stream.async_handshake(answer, "localhost:" + std::to_string(port), target, done); });
  if (ec == beast::websocket::error::upgrade_declined) throw refused{answer.result_int()};
  s.check(ec);
}

ws_client::ws_client(ws_client&&) noexcept = default;
ws_client::~ws_client() = default;

void ws_client::send(const std::string& text) {
  auto& s = *state_;
  s.check(s.run([&](auto done) { s.stream.async_write(asio::buffer(text), done); }));
}

std::optional<std::string> ws_client::receive() {
  auto& s = *state_;
  s.buffer.clear();
  if (s.run([&](auto done) { s.stream.async_read(s.buffer, done); })) return {};
  return beast::buffers_to_string(s.buffer.data());
}

bool ws_client::hears_nothing_for(std::chrono::milliseconds time) {
  auto& s = *state_;
  s.buffer.clear();
  try {
    s.run([&](auto done) { s.stream.async_read(s.buffer, done); }, time);
  } catch (const std::runtime_error&) {
    s.stream.next_layer().close();
    s.context.run();
    return true;
  }
  return false;
}

unsigned ws_client::close_code() const { return state_->stream.reason().code; }

void ws_client::close() {
  auto& s = *state_;
  s.run([&](auto done) { s.stream.async_close(beast::websocket::close_code::normal, done); });
}

void ws_client::reset(const std::string& bytes) {
  auto& socket = state_->stream.next_layer();
  asio::write(socket, asio::buffer(bytes));
  socket.set_option(asio::socket_base::linger(true, 0));
  socket.close();
}

}  // namespace roomcast::test
