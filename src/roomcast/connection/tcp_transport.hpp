#pragma once

#include "roomcast/connection/transport.hpp"
#include "roomcast/options.hpp"
#include "roomcast/room/lane_executor.hpp"

#include <boost/asio/ip/tcp.hpp>


namespace roomcast {

/// A TCP socket as a transport.
class tcp_transport final : public transport {
 public:
  using socket = asio::basic_stream_socket<asio::ip::tcp, lane_executor>;

  /// Takes over a connected socket of the lane's. Of `limits`: `send_buffer`, and `send_timeout` and `ping_interval` for the
  /// kernel, too, which sees a peer's silence where nobody writes.
  tcp_transport(socket s, const options& limits) noexcept;

  std::size_t read_some(std::span<std::byte> into, error_code& ec) noexcept override;
  std::size_t write_some(std::string_view bytes, error_code& ec) noexcept override;
  void async_wait_readable(waiter& w, suspended who) override;
  void async_wait_writable(std::shared_ptr<writer> w) override;
  void cancel() noexcept override;
  void shutdown_send() noexcept override;
  void close() noexcept override;

 private:
  socket socket_;
};

}  // namespace roomcast
