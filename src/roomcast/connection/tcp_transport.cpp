#include "roomcast/connection/tcp_transport.hpp"

#include <boost/asio/error.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

namespace roomcast {
namespace {

error_code last_error() noexcept {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return asio::error::would_block;
  return {errno, boost::system::system_category()};
}

template <int Name>
using tcp_option = asio::detail::socket_option::integer<IPPROTO_TCP, Name>;

int whole_seconds(std::chrono::milliseconds time) noexcept {
  constexpr std::int64_t most = 32'767;  // the kernel's
  return static_cast<int>(std::clamp<std::int64_t>(time.count() / 1000, 1, most));
}

}  // namespace

tcp_transport::tcp_transport(socket s, const options& limits) noexcept : socket_(std::move(s)) {
  error_code ignored;  // each of these only makes things better
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.set_option(tcp_option<TCP_KEEPIDLE>(whole_seconds(limits.ping_interval)), ignored);
  socket_.set_option(tcp_option<TCP_USER_TIMEOUT>(whole_seconds(limits.send_timeout) * 1000), ignored);
  // The kernel doubles the value, for its own bookkeeping.
  if (limits.send_buffer != 0)
    socket_.set_option(asio::socket_base::send_buffer_size(static_cast<int>(limits.send_buffer / 2)), ignored);
}

// Straight to the system: Asio's synchronous calls add a loop, a flag check and a gather array to each.
std::size_t tcp_transport::read_some(std::span<std::byte> into, error_code& ec) noexcept {
  const ssize_t got = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
  ec = got > 0 ? error_code{} : got == 0 ? error_code{asio::error::eof} : last_error();
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::size_t tcp_transport::write_some(std::string_view bytes, error_code& ec) noexcept {
  const ssize_t sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ec = sent >= 0 ? error_code{} : last_error();
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void tcp_transport::async_wait_readable(waiter& w, suspended who) {
  socket_.async_wait(socket::wait_read, [&w, who = std::move(who)](error_code ec) mutable { w.on_ready(ec, std::move(who)); });
}

void tcp_transport::async_wait_writable(std::shared_ptr<writer> w) {
  socket_.async_wait(socket::wait_write, [w = std::move(w)](error_code ec) { w->on_writable(ec); });
}

void tcp_transport::cancel() noexcept {
  error_code ignored;
  socket_.cancel(ignored);
}

void tcp_transport::shutdown_send() noexcept {
  error_code ignored;  // a peer that has gone already is told nothing
  socket_.shutdown(socket::shutdown_send, ignored);
}

void tcp_transport::close() noexcept {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace roomcast
