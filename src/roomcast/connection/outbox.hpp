#pragma once

#include "roomcast/log/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <list>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>

namespace roomcast {

/// What a connection has to send, and in which order: its room's bytes as its cursor meets them, and the few frames that
/// are only for it, which go out between two frames of the room. After a Close it sends nothing. No I/O. Lane only.
class outbox {
 public:
  explicit outbox(std::pmr::memory_resource& memory) noexcept : memory_(&memory) {}

  // the room's bytes

  /// From now on the connection follows a log.
  void follow(log::cursor c) { cursor_ = std::move(c); }

  /// A batch of that log has become visible.
  void offer(const std::shared_ptr<log::link>& newest) {
    if (state_ == state::open) cursor_.offer(newest);
  }

  /// How far the cursor stands behind the end of the log, without `newest`: what has just come makes nobody slow. Counted by
  /// what it weighs in memory, which for small messages is more than their bytes.
  std::uint64_t lag_before(const log::link& newest) const noexcept { return cursor_.weight_before(newest); }

  /// The same with `newest`.
  std::uint64_t lag_through(const log::link& newest) const noexcept { return cursor_.weight_through(newest); }

  /// Bytes of the frame of the room's that has left in part.
  std::size_t half_sent() const noexcept { return cursor_.half_read().size(); }

  /// Lets go of what came before `newest`, but for the rest of a frame that is half sent. Returns the sequence numbers of the
  /// first message that is left out, and of the first that is not.
  std::pair<std::uint64_t, std::uint64_t> skip_to(const std::shared_ptr<log::link>& newest);

  // private frames

  /// Bytes to send at the next boundary between frames: whole frames, or an HTTP response.
  void add(std::string_view bytes);

  /// Bytes to send once all of the log before `position` has been sent, in the order of their positions.
  void add_at(std::uint64_t position, std::string_view bytes);

  /// A pong for `payload`. One that still waits gives way to it: only the latest ping needs an answer
  /// (RFC 6455, section 5.5.3).
  void pong(std::string_view payload);

  // The first of the next two is the one that counts: after a Close nothing is sent.

  /// Ends with the bytes `last`, usually a Close, after all of the log before `flush_to`.
  void close_after(std::uint64_t flush_to, std::string_view last);

  /// Ends with the bytes `last`, usually a Close, after the frame that is half sent.
  void close(std::string_view last);

  /// Bytes of private frames that wait, and of the rest of a frame of the room's.
  std::size_t private_size() const noexcept;

  /// The same without that rest.
  std::size_t answers_size() const noexcept { return private_ ? private_size() - private_->unsent_rest() : 0; }

  /// The weight of what it is replayed and nobody else holds.
  std::uint64_t own_replay() const noexcept { return cursor_.own_weight(); }

  bool closing() const noexcept { return state_ != state::open; }

  /// Whether the Close has left, and everything before it.
  bool closed() noexcept { return closing() && next().empty(); }

  // for the transport

  /// What to send next; empty where there is nothing. Stays where it is until `sent`.
  std::string_view next() noexcept;

  /// `n` bytes of what `next` gave have been sent.
  void sent(std::size_t n) noexcept;

 private:
  // Only while there are private bytes: most connections, most of the time, have none.
  struct private_bytes {
    explicit private_bytes(std::pmr::memory_resource* memory) : ready(memory), pong(memory), later(memory), last(memory) {}

    std::size_t unsent_rest() const noexcept { return rest > gone ? rest - gone : 0; }

    std::pmr::string ready;  // next at a boundary
    std::size_t gone = 0;    // of `ready`
    std::size_t rest = 0;    // of `ready`: of a frame of the room's
    std::pmr::string pong;   // after `ready`
    std::pmr::list<std::pair<std::uint64_t, std::pmr::string>> later;  // with their positions in the log
    std::pmr::string last;   // after everything
  };

  enum class state { open, flushing, cut };

  private_bytes& mine();
  void end(std::string_view last);
  void keep_half_sent();
  bool take_due() noexcept;

  std::pmr::memory_resource* memory_;
  log::cursor cursor_;
  std::unique_ptr<private_bytes> private_;
  std::uint64_t flush_to_ = 0;
  state state_ = state::open;
  bool next_is_private_ = false;
};

}  // namespace roomcast
