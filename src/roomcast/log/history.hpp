#pragma once

#include "roomcast/log/batch.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <memory_resource>
#include <vector>

namespace roomcast::log {

/// Where somebody begins to read what is remembered.
struct replay {
  std::vector<std::shared_ptr<const batch>> batches;
  std::size_t first = 0;  ///< entry of the first of them
  std::size_t own = 0;    ///< so many of the first are its alone: nobody else holds them
};

/// What a room remembers of its log: its last messages, oldest first, in batches. Large batches are the log's own; small ones are
/// gathered into larger ones, so that what is remembered takes up little, and what is sent lies in memory that has just been used.
/// Notices are not remembered. Home lane only.
class history {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What is meant to be of about `messages` messages is forgotten in parts of a quarter of it at most.
  history(std::size_t messages, std::pmr::memory_resource& memory)
      : memory_(&memory), enough_messages_(std::clamp<std::size_t>(messages / 4, 1, 64)) {}

  /// `b` has become visible; every batch has to be added. Batches of more than `span` of time are not gathered into one.
  void add(const std::shared_ptr<const batch>& b, time_point now, time_point::duration span);

  bool empty() const noexcept { return blocks_.empty(); }

  /// Messages, and the memory that they take up, in bytes.
  std::size_t messages() const noexcept { return messages_; }
  std::uint64_t weight() const noexcept { return weight_; }

  // There is something.

  /// Of the oldest batch: its messages, and when the last of them was added.
  std::size_t oldest_messages() const noexcept { return blocks_.front().what->messages; }
  time_point oldest_time() const noexcept { return blocks_.front().added; }
  void forget_oldest() noexcept;

  /// All messages after this one are remembered, as far as they are visible.
  std::uint64_t forgotten_seq() const noexcept { return forgotten_seq_; }
  void forget_through(std::uint64_t seq) noexcept { forgotten_seq_ = seq; }

  /// What comes after message `seq`.
  replay after(std::uint64_t seq);

  /// The last `n` messages, or all.
  replay last(std::size_t n);

  /// All.
  std::vector<std::shared_ptr<const batch>> batches();

 private:
  // Large enough to be left alone.
  static constexpr std::size_t enough_bytes = 8 * 1024;

  struct block {
    std::shared_ptr<const batch> what;
    std::shared_ptr<batch> own;  // the same, where it was gathered and nobody else has it
    std::uint64_t weight = 0;
    time_point begun, added;
  };

  bool is_large(const batch& b) const noexcept { return b.messages >= enough_messages_ || b.in(wire::encoding::text).size() >= enough_bytes; }
  void begin_block(const batch& b, time_point now);
  void gather(const batch& b);
  void weigh(block& b) noexcept;
  replay from(std::list<block>::iterator first, std::size_t entry);

  std::pmr::memory_resource* memory_;
  std::size_t enough_messages_;
  std::list<block> blocks_;
  std::shared_ptr<batch> open_;   // the last of them, as long as nobody else has it
  // To be the next: what is remembered stays in memory of its own, and what is sent in memory that has just been used.
  std::shared_ptr<batch> spare_;
  std::size_t messages_ = 0;
  std::uint64_t weight_ = 0;
  std::uint64_t forgotten_seq_ = 0;
};

}  // namespace roomcast::log
