#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace roomcast::client {

/// A TCP socket whose peer can be left unread, even by a read that is under way: what has not been taken from the kernel stays
/// there.
class pausable_socket {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;

  explicit pausable_socket(boost::asio::io_context& context) : socket_(context) {}

  executor_type get_executor() { return socket_.get_executor(); }
  boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }

  void pause() noexcept { paused_ = true; }
  void resume() {
    paused_ = false;
    if (held_) std::exchange(held_, nullptr)();
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, Buffers into) {
          this->await(std::make_shared<decltype(handler)>(std::move(handler)), into);
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  template <class Handler, class Buffers>
  void await(std::shared_ptr<Handler> handler, Buffers into) {
    socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, [this, handler, into](boost::system::error_code ec) {
      if (!ec && paused_) {
        held_ = [this, handler, into] { await(handler, into); };
        return;
      }
      std::size_t n = 0;
      if (!ec) {
        socket_.non_blocking(true, ec);
        n = socket_.read_some(into, ec);
      }
      if (ec == boost::asio::error::would_block) return await(handler, into);
      (*handler)(ec, n);
    });
  }

  boost::asio::ip::tcp::socket socket_;
  std::function<void()> held_;
  bool paused_ = false;
};

template <class Handler>
void async_teardown(boost::beast::role_type role, pausable_socket& s, Handler&& handler) {
  boost::beast::websocket::async_teardown(role, s.socket(), std::forward<Handler>(handler));
}

inline void beast_close_socket(pausable_socket& s) {
  boost::system::error_code ignored;
  s.socket().close(ignored);
}

}  // namespace roomcast::client
