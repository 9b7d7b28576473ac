#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace roomcast::load {

/// Whether each receiver gets every message of each sender of its room once and in order. A sender is known by its place
/// among those of the room.
class checker {
 public:
  /// `senders` says of each receiver how many there are in its room.
  explicit checker(std::span<const std::uint32_t> senders);

  /// Takes note of a message. False where the receiver has had it already.
  bool see(std::size_t receiver, std::uint32_t place, std::uint32_t sequence) {
    auto& r = rows_[receiver];
    r.order = (r.order ^ (std::uint64_t{place} << 32 | sequence)) * 0x9e3779b97f4a7c15u;
    r.order ^= r.order >> 32;
    auto& next = next_[r.first + place];
    if (next != sequence) [[unlikely]] return see_other(r, r.first + place, sequence);
    ++next;
    return true;
  }

  /// What a receiver has missed so far remains missing; of each sender, it next expects any message.
  void restart(std::size_t receiver);

  /// Whether nothing is outstanding, given how many messages each sender of the room has sent.
  bool complete(std::size_t receiver, std::span<const std::uint32_t> sent) const noexcept;

  /// Counts what is outstanding as missing.
  void finish(std::size_t receiver, std::span<const std::uint32_t> sent);

  /// Of the messages of that sender, one more than the last that the receiver has seen; 0 where it has seen none.
  std::uint32_t seen(std::size_t receiver, std::uint32_t place) const noexcept;

  /// Stands for the order of all that a receiver has seen; nothing where it lacks something, or has something twice or late.
  std::optional<std::uint64_t> order(std::size_t receiver) const noexcept;

  std::uint64_t missing() const noexcept { return missing_; }
  std::uint64_t doubled() const noexcept { return doubled_; }
  std::uint64_t out_of_order() const noexcept { return out_of_order_; }

 private:
  struct row {
    std::size_t first;  // of its numbers in next_
    std::uint32_t senders;
    bool regular = true;
    std::uint64_t order = 0;
  };
  struct gap {
    std::uint32_t from, to;  // the first that is missing, and the first that is not
  };
  static constexpr std::uint32_t any = 0xffffffff;

  bool see_other(row& r, std::size_t at, std::uint32_t sequence);
  bool fill_gap(std::size_t at, std::uint32_t sequence);

  std::vector<row> rows_;
  std::vector<std::uint32_t> next_;                        // a receiver's are side by side
  std::unordered_map<std::size_t, std::vector<gap>> gaps_;  // by place in next_
  std::uint64_t missing_ = 0, doubled_ = 0, out_of_order_ = 0;
};

/// How many of these are not what most are.
std::size_t count_dissenters(std::vector<std::uint64_t> orders);

}  // namespace roomcast::load
