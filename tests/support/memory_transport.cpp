#include "memory_transport.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace roomcast::test {
namespace {

bool is_readable(const memory_pipe& p) { return !p.to_server.empty() || p.peer_ended || p.peer_reset; }
bool is_writable(const memory_pipe& p) { return p.from_server.size() < p.window || p.peer_reset; }

void tell_reader(memory_pipe& pipe, lane_executor ex, error_code ec) {
  auto reader = std::exchange(pipe.waits_readable, std::nullopt);
  asio::post(ex, [ec, reader = std::move(*reader)]() mutable { reader.waiter->on_ready(ec, std::move(reader.who)); });
}

void tell_writer(memory_pipe& pipe, lane_executor ex, error_code ec) {
  asio::post(ex, [ec, writer = std::exchange(pipe.waits_writable, nullptr)] { writer->on_writable(ec); });
}

}  // namespace

void memory_transport::wake(memory_pipe& pipe, lane_executor ex) {
  if (pipe.waits_readable && is_readable(pipe)) tell_reader(pipe, ex, {});
  if (pipe.waits_writable && is_writable(pipe)) tell_writer(pipe, ex, {});
}

std::size_t memory_transport::read_some(std::span<std::byte> into, error_code& ec) noexcept {
  ec = {};
  const std::size_t n = std::min(into.size(), pipe_->to_server.size());
  if (n == 0) {
    if (pipe_->peer_reset)
      ec = asio::error::connection_reset;
    else
      ec = pipe_->peer_ended ? error_code{asio::error::eof} : error_code{asio::error::would_block};
    return 0;
  }
  std::memcpy(into.data(), pipe_->to_server.data(), n);
  pipe_->to_server.erase(0, n);
  return n;
}

std::size_t memory_transport::write_some(std::string_view bytes, error_code& ec) noexcept {
  ec = {};
  if (pipe_->peer_reset) {
    ec = asio::error::broken_pipe;
    return 0;
  }
  const std::size_t n = std::min(bytes.size(), pipe_->window - std::min(pipe_->window, pipe_->from_server.size()));
  if (n == 0) ec = asio::error::would_block;
  pipe_->from_server += bytes.substr(0, n);
  return n;
}

void memory_transport::async_wait_readable(waiter& w, suspended who) {
  pipe_->waits_readable.emplace(&w, std::move(who));
  wake(*pipe_, ex_);
}

void memory_transport::async_wait_writable(std::shared_ptr<writer> w) {
  pipe_->waits_writable = std::move(w);
  wake(*pipe_, ex_);
}

void memory_transport::cancel() noexcept {
  if (pipe_->waits_readable) tell_reader(*pipe_, ex_, asio::error::operation_aborted);
  if (pipe_->waits_writable) tell_writer(*pipe_, ex_, asio::error::operation_aborted);
}

void memory_transport::close() noexcept {
  pipe_->server_closed = true;
  cancel();
}

}  // namespace roomcast::test
