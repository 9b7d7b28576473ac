#pragma once

#include "roomcast/connection/connection.hpp"
#include "roomcast/connection/tcp_transport.hpp"
#include "roomcast/hub.hpp"
#include "roomcast/server/connection_limits.hpp"
#include "roomcast/server/routes.hpp"
#include "roomcast/server/settings.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace roomcast::server {

/// Accepts connections for one of a hub's lanes. Where the system has no more descriptors or memory it pauses, longer each
/// time, and goes on; connections beyond the limits are answered with 503 or 429. Lane only; outlived by the hub, and it
/// outlives what runs on the lane.
class listener {
 public:
  /// Listens; throws `boost::system::system_error` where that is not possible.
  listener(hub& h, lane& here, const settings& s, std::uint16_t port, site what, connection_limits& limits);

  /// Takes its turn at the port of `other`: who of them is idle accepts.
  listener(const listener& other, lane& here);

  asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  void start() { accept(); }

 private:
  using acceptor = asio::basic_socket_acceptor<asio::ip::tcp, lane_executor>;

  void accept();
  void accept_some();
  void serve(descriptor d, const asio::ip::address& from);
  void pause(const error_code& ec);

  hub& hub_;
  lane& lane_;
  const settings& settings_;
  const site site_;
  connection_limits& limits_;
  acceptor acceptor_;
  lane::timer pause_;
  std::chrono::milliseconds back_off_{0};
  std::chrono::steady_clock::time_point warned_{};
};

}  // namespace roomcast::server
