// A web application of its own, with a chat mounted in it: http://localhost:8000/ is the application's page, and
// ws://localhost:8000/chat the chat. Anything else in the application may speak in its rooms, too.

#include <roomcast/chat.hpp>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;

// As websocket::is_upgrade does, without Beast's WebSocket headers, which take long to compile.
bool wants_websocket(const http::request<http::string_body>& request) {
  return beast::iequals(request[http::field::upgrade], "websocket");
}

asio::awaitable<void> serve(tcp::socket socket, roomcast::chat& chat) {
  beast::tcp_stream stream{std::move(socket)};
  beast::flat_buffer buffer;
  for (;;) {
    http::request<http::string_body> request;
    stream.expires_after(30s);
    co_await http::async_read(stream, buffer, request, asio::use_awaitable);
    if (wants_websocket(request)) {
      co_await chat.serve(std::move(stream), std::move(request), std::move(buffer));
      co_return;
    }
    http::response<http::string_body> answer{http::status::ok, request.version()};
    answer.keep_alive(request.keep_alive());
    if (request.target() == "/deployed") {
      const auto receipt = co_await chat.publish("lobby", "a new version is out");
      answer.body() = "told " + std::to_string(receipt.recipients) + " people\n";
    } else {
      answer.body() = "an application\n";
    }
    answer.prepare_payload();
    co_await http::async_write(stream, answer, asio::use_awaitable);
    if (!answer.keep_alive()) co_return;
  }
}

asio::awaitable<void> listen(tcp::acceptor& acceptor, roomcast::chat& chat) {
  const auto ex = co_await asio::this_coro::executor;
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(ex, serve(std::move(socket), chat), [](std::exception_ptr) { /* a browser that goes away is no news */ });
  }
}

int main(int argc, char** argv) try {
  const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 8000);
  asio::io_context io;
  roomcast::chat chat{io.get_executor(), {.format = "{name}: {text}"}};

  tcp::acceptor acceptor{io, {tcp::v4(), port}};
  asio::co_spawn(io, listen(acceptor, chat), [](std::exception_ptr) { /* the acceptor was closed */ });

  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](beast::error_code, int) {
    acceptor.close();
    chat.stop(5s, [&] { io.stop(); });
  });
  std::cout << "listening on port " << acceptor.local_endpoint().port() << std::endl;
  io.run();
} catch (const std::exception& e) {
  std::cerr << "embedded_chat: " << e.what() << '\n';
  return EXIT_FAILURE;
}
