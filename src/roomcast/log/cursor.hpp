#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/wire/encoding.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace roomcast::log {

/// For whom a cursor reads.
struct audience {
  wire::encoding form = wire::encoding::text;
  std::uint64_t id = 0;   ///< a member's
  bool echo = true;       ///< it is given its own messages, too, but for those that say otherwise
  std::uint64_t live = 0;  ///< notices before this position are not for it
};

/// Where a reader stands in a room's log: a position, and the batch that holds it while there is something left to read.
/// A reader that keeps up holds nothing.
class cursor {
 public:
  cursor() noexcept = default;

  /// Starts at `position`.
  cursor(std::uint64_t position, const audience& whom) noexcept : position_(position), whom_(whom) {}

  /// Reads a chain from entry `entry` of `first` to `last` before that. It does not count as lag; up to the weight `own` nobody
  /// else holds it. To be called before anything else.
  void replay(std::shared_ptr<link> first, link& last, std::size_t entry, std::uint64_t own) noexcept;

  /// A batch has become visible; every one must be offered, in order, from the moment the position was taken.
  void offer(const std::shared_ptr<link>& newest);

  /// The bytes to read next; empty where the reader has caught up. They stay where they are until `advance`.
  std::string_view next() noexcept;

  /// `n` of the bytes that `next` gave have been read.
  void advance(std::size_t n) noexcept;

  /// What is left of a frame of which a part has been read; empty at a boundary.
  std::string_view half_read() const noexcept;

  /// Lets go of everything before `newest`, which has just been offered. The rest of a half-read frame is the caller's to
  /// keep first.
  void skip_to(const std::shared_ptr<link>& newest) noexcept;

  /// The sequence number of the first message of which nothing has been read, or less than that and more than that of the one
  /// before; there is something left to read.
  std::uint64_t next_seq() const noexcept;

  /// Lets go of the log: there is nothing to read from now on.
  void detach() noexcept { at_.reset(); }

  /// The weight of what is held for the reader: from the batch that it reads to the one before `newest`.
  std::uint64_t weight_before(const link& newest) const noexcept { return at_ ? held_from(newest.weight_before) : 0; }

  /// The same with `newest`.
  std::uint64_t weight_through(const link& newest) const noexcept { return at_ ? held_from(newest.weight_after) : 0; }

  /// The weight of what nobody else holds.
  std::uint64_t own_weight() const noexcept;

  bool caught_up() const noexcept { return !at_; }
  bool is_at(const link& l) const noexcept { return at_.get() == &l; }

  /// All before it has been read; within a batch that is what the batch begins with, and within a replay 0.
  std::uint64_t position() const noexcept { return at_ && at_->is_replay ? 0 : position_; }

 private:
  std::string_view bytes() const noexcept { return at_->batch->in(whom_.form); }
  bool is_for_all(const link& l) const noexcept { return whom_.echo && l.batch->plain_echo && (l.is_replay || position_ >= whom_.live); }
  bool passes_over(const batch& b, std::size_t entry) const noexcept;
  std::uint64_t held_from(std::uint64_t weight) const noexcept;
  std::string_view next_but_own() noexcept;
  void enter(std::shared_ptr<link> l) noexcept;
  void follow() noexcept;

  std::shared_ptr<link> at_;
  std::size_t offset_ = 0;  // in the bytes of what it is at
  std::uint64_t position_ = 0;
  audience whom_;
  link* last_of_replay_ = nullptr;  // until what follows on it has been offered
  std::uint64_t replayed_ = 0;      // weight, up to which nothing counts
  std::uint64_t own_ = 0;           // the same of what is its alone
};

}  // namespace roomcast::log
