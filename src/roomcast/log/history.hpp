#pragma once

#include "roomcast/log/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace roomcast::log {

/// What a room remembers of its log: its last batches, which are the log's own. Home lane only.
class history {
 public:
  /// `newest` has become visible; every batch has to be added.
  void add(std::shared_ptr<link> newest);

  /// Forgets the oldest batch; there is one.
  void forget_oldest() noexcept;

  bool empty() const noexcept { return !oldest_; }
  const link& oldest() const noexcept { return *oldest_; }

  /// Messages, and the memory of all batches in bytes.
  std::size_t messages() const noexcept { return messages_; }
  std::uint64_t weight() const noexcept { return oldest_ ? newest_->weight_after - oldest_->weight_before : 0; }

  /// All messages after this one are remembered, as far as they are visible.
  std::uint64_t forgotten_seq() const noexcept { return forgotten_seq_; }
  void forget_through(std::uint64_t seq) noexcept { forgotten_seq_ = seq; }

  /// The position of the first message after message `seq`; or `end`, the visible end, where there is none.
  std::uint64_t position_after(std::uint64_t seq, std::uint64_t end) const noexcept;

  /// The position of the last `n` messages, or of all; or `end`, the visible end, where there is none.
  std::uint64_t position_of_last(std::size_t n, std::uint64_t end) const noexcept;

  /// The batches from the one that holds `position` on.
  std::vector<std::shared_ptr<const batch>> from(std::uint64_t position) const;

  /// Replaces each batch by what `change` makes of it. Readers go on in the new ones.
  void replace(const std::function<std::shared_ptr<const batch>(std::shared_ptr<const batch>)>& change);

 private:
  std::shared_ptr<link> oldest_, newest_;
  std::size_t messages_ = 0;
  std::uint64_t forgotten_seq_ = 0;
};

}  // namespace roomcast::log
