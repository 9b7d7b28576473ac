#include "roomcast/server/listener.hpp"

#include "roomcast/server/http_session.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

namespace roomcast::server {
namespace {

using namespace std::chrono_literals;

// So that a flood of connections does not hold up those who are in.
constexpr int accepts_at_a_time = 64;

constexpr auto first_pause = 10ms;
constexpr auto longest_pause = 500ms;

using verdict = connection_limits::verdict;

}  // namespace

listener::listener(hub& h, lane& here, const settings& s, std::uint16_t port, site what, connection_limits& limits)
    : hub_(h), lane_(here), settings_(s), site_(what), limits_(limits), acceptor_(here.executor()), pause_(here.executor()) {
  const asio::ip::tcp::endpoint where{asio::ip::make_address(s.address), port};
  acceptor_.open(where.protocol());
  acceptor_.set_option(asio::socket_base::reuse_address(true));
  if (where.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false));
  acceptor_.bind(where);
  acceptor_.listen(4096);
  acceptor_.native_non_blocking(true);
}

listener::listener(const listener& other, lane& here)
    : hub_(other.hub_),
      lane_(here),
      settings_(other.settings_),
      site_(other.site_),
      limits_(other.limits_),
      acceptor_(here.executor()),
      pause_(here.executor()) {
  const int number = ::fcntl(const_cast<acceptor&>(other.acceptor_).native_handle(), F_DUPFD_CLOEXEC, 0);
  if (number < 0) throw boost::system::system_error(errno, boost::system::system_category(), "dup");
  acceptor_.assign(other.endpoint().protocol(), number);
}

void listener::accept() {
  acceptor_.async_wait(acceptor::wait_read, [this, alive = hub_.shared_from_this()](const error_code& ec) {
    if (!ec) accept_some();
  });
}

void listener::accept_some() {
  for (int i = 0; i < accepts_at_a_time; ++i) {
    asio::ip::tcp::endpoint from;
    auto size = static_cast<socklen_t>(from.capacity());
    descriptor d{::accept4(acceptor_.native_handle(), from.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!d) {
      const error_code ec{errno, boost::system::system_category()};
      if (ec == asio::error::would_block) break;
      // What is wrong with one connection is no reason to pause.
      if (ec == asio::error::connection_aborted || ec == asio::error::interrupted || ec.value() == EPROTO) continue;
      return pause(ec);
    }
    back_off_ = 0ms;
    from.resize(size);
    try {
      serve(std::move(d), from.address());
    } catch (const std::exception&) {  // no memory for one more
      return pause(asio::error::no_memory);
    }
  }
  accept();
}

void listener::serve(descriptor d, const asio::ip::address& from) {
  auto peer = std::make_shared<connection>(lane_.shared_from_this(), std::make_unique<tcp_transport>(lane_, std::move(d), settings_.chat));
  counters& count = lane_.count();
  const verdict v = limits_.admit(from);
  if (v == verdict::too_many || v == verdict::silence) ++count.refused_connections;
  if (v == verdict::too_many_of_address) ++count.refused_per_ip;
  if (v == verdict::silence) return;
  ++count.connections;
  const auto over = [this, from, v] {
    limits_.leave(from, v);
    --lane_.count().connections;
  };
  const auto timeout = settings_.handshake_timeout;
  try {
    hub_.start(lane_,
               v == verdict::welcome    ? serve_http(std::move(peer), timeout, site_)
               : v == verdict::too_many ? refuse_http(std::move(peer), timeout, 503, "there are too many connections")
                                        : refuse_http(std::move(peer), timeout, 429, "there are too many connections from your address"),
               over);
  } catch (...) {
    over();
    throw;
  }
}

void listener::pause(const error_code& ec) {
  ++lane_.count().accept_pauses;
  if (const auto now = std::chrono::steady_clock::now(); now - warned_ > 10s) {
    warned_ = now;
    hub_.shared().log(log_level::warning, fmt::format("accepting pauses: {}", ec.message()));
  }
  back_off_ = std::clamp<std::chrono::milliseconds>(back_off_ * 2, first_pause, longest_pause);
  pause_.expires_after(back_off_);
  pause_.async_wait([this, alive = hub_.shared_from_this()](const error_code& cancelled) {
    if (!cancelled) accept();
  });
}

}  // namespace roomcast::server
