#include "roomcast/server/listener.hpp"

#include "roomcast/server/http_session.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace roomcast::server {
namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 10ms;
constexpr auto longest_pause = 500ms;

using verdict = connection_limits::verdict;

}  // namespace

listener::listener(hub& h, const settings& s)
    : hub_(h), settings_(s), acceptor_(h.home()->executor()), pause_(h.home()->executor()), limits_(s.max_connections, s.max_connections_per_ip) {
  const asio::ip::tcp::endpoint at{asio::ip::make_address(s.address), s.port};
  acceptor_.open(at.protocol());
  acceptor_.set_option(asio::socket_base::reuse_address(true));
  if (at.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false));
  acceptor_.bind(at);
  acceptor_.listen(4096);
}

void listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void listener::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept(hub_.home()->executor(),
                         [this, alive = hub_.shared_from_this()](const error_code& ec, tcp_transport::socket s) {
                           accepted(ec, std::move(s));
                         });
}

void listener::accepted(const error_code& ec, tcp_transport::socket s) {
  if (ec == asio::error::operation_aborted) return;
  // What is wrong with one connection is no reason to pause.
  if (ec && ec != asio::error::connection_aborted && ec.value() != EPROTO) return pause(ec);
  back_off_ = 0ms;
  try {
    if (!ec) serve(std::move(s));
  } catch (const std::exception&) {  // no memory for one more
    return pause(asio::error::no_memory);
  }
  accept();
}

void listener::serve(tcp_transport::socket s) {
  error_code gone;
  const auto from = s.remote_endpoint(gone).address();
  if (gone) return;
  auto peer = std::make_shared<connection>(hub_.home(), std::make_unique<tcp_transport>(std::move(s), settings_.chat));
  counters& count = hub_.home()->count();
  const verdict v = limits_.admit(from);
  if (v == verdict::too_many || v == verdict::silence) ++count.refused_connections;
  if (v == verdict::too_many_of_address) ++count.refused_per_ip;
  if (v == verdict::silence) return;
  ++count.connections;
  const auto timeout = settings_.handshake_timeout;
  auto session = v == verdict::welcome    ? serve_http(std::move(peer), timeout)
                 : v == verdict::too_many ? refuse_http(std::move(peer), timeout, 503, "there are too many connections")
                                          : refuse_http(std::move(peer), timeout, 429, "there are too many connections from your address");
  hub_.start(std::move(session), [this, from, v] {
    limits_.leave(from, v);
    --hub_.home()->count().connections;
  });
}

void listener::pause(const error_code& ec) {
  ++hub_.home()->count().accept_pauses;
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
