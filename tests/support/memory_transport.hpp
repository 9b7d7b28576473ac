#pragma once

#include "roomcast/connection/transport.hpp"
#include "roomcast/room/lane_executor.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace roomcast::test {

/// Both directions between a server and its peer, in memory.
struct memory_pipe {
  std::string to_server;
  std::string from_server;
  std::size_t window = static_cast<std::size_t>(-1);  ///< how much of `from_server` there may be
  bool peer_ended = false;
  bool peer_reset = false;
  bool server_ended = false;
  bool server_closed = false;

  struct reader {
    transport::waiter* waiter;
    suspended who;
  };
  std::optional<reader> waits_readable;
  std::shared_ptr<transport::writer> waits_writable;
};

/// The server's end of a `memory_pipe`.
class memory_transport final : public transport {
 public:
  memory_transport(std::shared_ptr<memory_pipe> pipe, lane_executor ex) : pipe_(std::move(pipe)), ex_(ex) {}
  ~memory_transport() override { pipe_->server_closed = true; }

  std::size_t read_some(std::span<std::byte> into, error_code& ec) noexcept override;
  std::size_t write_some(std::string_view bytes, error_code& ec) noexcept override;
  void async_wait_readable(waiter& w, suspended who) override;
  void async_wait_writable(std::shared_ptr<writer> w) override;
  void cancel() noexcept override;
  void shutdown_send() noexcept override { pipe_->server_ended = true; }
  void close() noexcept override;

  /// Tells those who wait that what they wait for has come.
  static void wake(memory_pipe& pipe, lane_executor ex);

 private:
  std::shared_ptr<memory_pipe> pipe_;
  lane_executor ex_;
};

}  // namespace roomcast::test
