#pragma once

#include "roomcast/log/batch.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace roomcast::log {

/// Where a reader stands in a room's log: a position, and the batch that holds it while there is something left to read.
/// A reader that keeps up holds nothing.
class cursor {
 public:
  /// Starts at `position`. Where `own` is not 0, that sender's frames are passed over.
  explicit cursor(std::uint64_t position = 0, std::uint64_t own = 0) noexcept : position_(position), own_(own) {}

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

  /// Lets go of the log: there is nothing to read from now on.
  void detach() noexcept { at_.reset(); }

  /// The weight of what is held for the reader: from the batch that it reads to the one before `newest`.
  std::uint64_t weight_before(const link& newest) const noexcept { return at_ ? newest.weight_before - at_->weight_before : 0; }

  /// The same with `newest`.
  std::uint64_t weight_through(const link& newest) const noexcept { return at_ ? newest.weight_after() - at_->weight_before : 0; }

  bool caught_up() const noexcept { return !at_; }
  std::uint64_t position() const noexcept { return position_; }

 private:
  std::size_t offset() const noexcept { return static_cast<std::size_t>(position_ - at_->batch->begin); }
  std::string_view next_of_others() noexcept;
  void follow() noexcept;

  std::shared_ptr<link> at_;
  std::uint64_t position_;
  std::uint64_t own_;
};

}  // namespace roomcast::log
