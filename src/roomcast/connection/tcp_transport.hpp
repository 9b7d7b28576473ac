#pragma once

#include "roomcast/connection/descriptor.hpp"
#include "roomcast/connection/transport.hpp"
#include "roomcast/options.hpp"
#include "roomcast/room/poller.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace roomcast {

/// A TCP socket as a transport.
class tcp_transport final : public transport, poller::entry {
 public:
  /// Takes over a connected socket. Of `limits`: `send_buffer`, and `send_timeout` and `ping_interval` for the kernel, too,
  /// which sees a peer's silence where nobody writes.
  tcp_transport(lane& home, descriptor d, const options& limits) noexcept;
  ~tcp_transport() override { close(); }

  std::size_t read_some(std::span<std::byte> into, error_code& ec) noexcept override;
  std::size_t write_some(std::string_view bytes, error_code& ec) noexcept override;
  void async_wait_readable(waiter& w, suspended who) override;
  void async_wait_writable(std::shared_ptr<writer> w) override;
  void cancel() noexcept override;
  void shutdown_send() noexcept override;
  void close() noexcept override;
  std::string address() const override;
  std::optional<path> way_to_peer() const noexcept override;

 private:
  struct reader {
    waiter* told;
    suspended who;
  };

  void wait(std::uint32_t events);
  void tell(std::uint32_t events, error_code ec);
  void on_ready(std::uint32_t events) override;
  void on_aborted() override;
  void on_abandoned() noexcept override;

  std::optional<reader> reader_;
  std::shared_ptr<writer> writer_;
  descriptor socket_;
};

}  // namespace roomcast
