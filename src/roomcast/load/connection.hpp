#pragma once

#include "roomcast/load/address.hpp"
#include "roomcast/load/frame_scanner.hpp"
#include "roomcast/load/poller.hpp"
#include "roomcast/load/speaker.hpp"
#include "roomcast/wire/frame.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::load {

/// One of the load's connections: a non-blocking socket, what is to be sent on it, and what has come of an unfinished frame.
/// It may end and begin again. A worker owns it and stays where it is, as the poller knows it by its address.
class connection {
 public:
  enum class state : std::uint8_t { none, connecting, upgrading, open, leaving };

  connection(poller& p, std::uint32_t its_number, std::size_t its_row, std::uint32_t its_room) noexcept
      : number(its_number), row(its_row), room(its_room), poller_(p) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { release(); }

  const std::uint32_t number;
  const std::size_t row;  ///< its number among the thread's
  const std::uint32_t room;
  state now = state::none;
  bool stalled = false;           ///< never reads what follows the handshake
  bool ever_open = false;
  std::size_t address = 0;        ///< of those that there are to try
  std::chrono::steady_clock::time_point since{};  ///< it is connecting, upgrading or leaving
  std::optional<speaker> voice;   ///< of a sender
  frame_scanner frames;

  /// Begins to connect; the error where it could not even begin.
  int begin(const load::address& to);

  /// Closes the socket, and forgets what was under way.
  void release() noexcept;

  /// What a connecting socket has come to: 0, or an error.
  int connect_error() const noexcept;

  /// What waits to be sent; it leaves with the next flush.
  std::string& out() noexcept { return out_; }
  void queue(wire::opcode op, std::string_view payload) { out_ += wire::mask(wire::make_frame(op, payload)); }
  void flush();

  struct received {
    bool ended = false;
    int error = 0;              ///< why it ended; 0 where the peer has closed it
    std::string_view bytes = {};  ///< with what was kept before; empty where there is nothing to look at yet
  };

  /// How much is received at a time, and how large a buffer is lent for it.
  static constexpr std::size_t chunk = 64 * 1024;
  static constexpr std::size_t buffer_size = chunk + chunk / 4;

  /// Receives once. What it returns lies in `buffer` or here, until `keep`.
  received receive(std::string& buffer);

  /// Keeps what was not taken of what was received, for next time; `needed` bytes make the next frame, where that is known.
  void keep(std::string_view bytes, std::size_t taken, std::size_t needed);

  /// No more events of reading.
  void stop_reading();

 private:
  void watch();

  poller& poller_;
  int fd_ = -1;
  bool reads_ = true, awaits_write_ = false;
  std::size_t needed_ = 0;
  std::string rest_, out_;
  std::size_t gone_ = 0;  // bytes of out_ that have left
};

}  // namespace roomcast::load
