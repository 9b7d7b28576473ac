#include "roomcast/connection/tcp_transport.hpp"

#include "roomcast/room/lane.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

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

int whole_seconds(std::chrono::milliseconds time) noexcept {
  constexpr std::int64_t most = 32'767;  // the kernel's
  return static_cast<int>(std::clamp<std::int64_t>(time.count() / 1000, 1, most));
}

}  // namespace

tcp_transport::tcp_transport(lane& home, descriptor d, const options& limits) noexcept
    : entry(home.ready(), d.number()), socket_(std::move(d)) {
  const auto set = [this](int level, int name, int value) {  // each of these only makes things better
    ::setsockopt(socket_.number(), level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, whole_seconds(limits.ping_interval));
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, whole_seconds(limits.send_timeout) * 1000);
  // The kernel doubles the value, for its own bookkeeping.
  if (limits.send_buffer != 0) set(SOL_SOCKET, SO_SNDBUF, static_cast<int>(limits.send_buffer / 2));
}

std::size_t tcp_transport::read_some(std::span<std::byte> into, error_code& ec) noexcept {
  const ssize_t got = ::recv(socket_.number(), into.data(), into.size(), MSG_DONTWAIT);
  ec = got > 0 ? error_code{} : got == 0 ? error_code{asio::error::eof} : last_error();
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::size_t tcp_transport::write_some(std::string_view bytes, error_code& ec) noexcept {
  const ssize_t sent = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ec = sent >= 0 ? error_code{} : last_error();
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void tcp_transport::async_wait_readable(waiter& w, suspended who) {
  reader_.emplace(&w, std::move(who));
  wait(EPOLLIN);
}

void tcp_transport::async_wait_writable(std::shared_ptr<writer> w) {
  writer_ = std::move(w);
  wait(EPOLLOUT);
}

// A connection that is not watched is lost: whoever waits finds that, where it would only wait again otherwise.
void tcp_transport::wait(std::uint32_t events) {
  if (!want(events)) ::shutdown(socket_.number(), SHUT_RDWR);
}

void tcp_transport::tell(std::uint32_t events, error_code ec) {
  auto w = (events & EPOLLOUT) != 0 ? std::exchange(writer_, nullptr) : nullptr;
  auto r = (events & EPOLLIN) != 0 ? std::exchange(reader_, std::nullopt) : std::nullopt;
  if (w) w->on_writable(ec);
  if (r) r->told->on_ready(ec, std::move(r->who));  // which may be the end of this
}

void tcp_transport::on_ready(std::uint32_t events) { tell(events, {}); }

void tcp_transport::on_aborted() { tell(EPOLLIN | EPOLLOUT, asio::error::operation_aborted); }

void tcp_transport::on_abandoned() noexcept {
  const auto w = std::exchange(writer_, nullptr);
  const auto r = std::exchange(reader_, std::nullopt);
}

void tcp_transport::cancel() noexcept { abort(); }

void tcp_transport::shutdown_send() noexcept { ::shutdown(socket_.number(), SHUT_WR); }

std::string tcp_transport::address() const {
  asio::ip::tcp::endpoint peer;
  auto size = static_cast<socklen_t>(peer.capacity());
  if (::getpeername(socket_.number(), peer.data(), &size) != 0) return {};
  peer.resize(size);
  return peer.address().to_string();
}

std::optional<transport::path> tcp_transport::way_to_peer() const noexcept {
  tcp_info known{};
  socklen_t size = sizeof known;
  if (::getsockopt(socket_.number(), IPPROTO_TCP, TCP_INFO, &known, &size) != 0) return {};
  int unsent = 0, unacknowledged = 0;
  ::ioctl(socket_.number(), SIOCOUTQNSD, &unsent);
  ::ioctl(socket_.number(), SIOCOUTQ, &unacknowledged);
  return path{.round_trip = std::chrono::microseconds{known.tcpi_rtt},
              .retransmitted = known.tcpi_total_retrans,
              .unsent_bytes = static_cast<std::uint64_t>(unsent),
              .unacknowledged_bytes = static_cast<std::uint64_t>(unacknowledged)};
}

void tcp_transport::close() noexcept {
  abort();
  leave();
  socket_.close();
}

}  // namespace roomcast
