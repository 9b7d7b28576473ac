#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// WebSocket clients of Beast's by the hundred, on one thread of their own.

namespace roomcast::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using asio::use_awaitable;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// `full`, or as much of it as a slow build should bear.
constexpr int scaled(int full) { return std::max(full / ROOMCAST_TEST_SCALE, 4); }

using stream = beast::websocket::stream<tcp::socket>;

inline asio::awaitable<std::unique_ptr<stream>> connect(std::uint16_t port, std::string target = "/chat") {
  auto ws = std::make_unique<stream>(co_await asio::this_coro::executor);
  co_await ws->next_layer().async_connect({asio::ip::address_v4::loopback(), port}, use_awaitable);
  ws->next_layer().set_option(tcp::no_delay(true));
  const std::string host = "localhost:" + std::to_string(port);
  co_await ws->async_handshake(host, target, use_awaitable);
  co_return ws;
}

inline asio::awaitable<std::string> receive(stream& ws) {
  beast::flat_buffer buffer;
  co_await ws.async_read(buffer, use_awaitable);
  co_return beast::buffers_to_string(buffer.data());
}

inline asio::awaitable<void> say(stream& ws, int first, int last, std::string filler = {}) {
  for (int i = first; i < last; ++i) {
    const std::string text = std::to_string(i) + filler;
    co_await ws.async_write(asio::buffer(text), use_awaitable);
  }
}

inline asio::awaitable<void> hear(stream& ws, std::size_t messages, std::vector<std::string>& heard) {
  while (heard.size() < messages) heard.push_back(co_await receive(ws));
}

/// The thread, and what runs on it.
struct clients {
  template <class T>
  std::future<T> start(asio::awaitable<T> job) {
    return asio::co_spawn(context, std::move(job), asio::use_future);
  }

  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::jthread thread{[this] { context.run(); }};
  ~clients() { context.stop(); }
};

}  // namespace roomcast::test
