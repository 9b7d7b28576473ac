#pragma once

#include "roomcast/load/settings.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace roomcast::load {

/// Who is in which room, and who sends. Connections go round the rooms and round the threads; the senders of a room are
/// spread evenly over its members. Immutable, for all threads.
class plan {
 public:
  /// Where a sender is: its room, and its place among the senders there.
  struct seat {
    std::uint32_t room, place;
  };

  /// Those settings have no fault. `run` tells this load's messages from another's, and is below `marker::max_run`.
  plan(const settings& s, std::uint32_t run);

  const settings& options() const noexcept { return settings_; }
  std::uint32_t run() const noexcept { return run_; }
  std::uint32_t senders() const noexcept { return static_cast<std::uint32_t>(seats_.size()); }
  const seat& seat_of(std::uint32_t sender) const noexcept { return seats_[sender]; }

  std::uint32_t room_of(std::uint32_t connection) const noexcept { return connection % settings_.rooms; }
  std::optional<std::uint32_t> sender_of(std::uint32_t connection) const noexcept;
  bool is_stalled(std::uint32_t connection) const noexcept { return connection >= settings_.connections - settings_.stalled; }

  /// How many send in a room; they are numbered from its first sender on.
  std::uint32_t senders_in(std::uint32_t room) const noexcept { return first_[room + 1] - first_[room]; }
  std::uint32_t first_sender(std::uint32_t room) const noexcept { return first_[room]; }

  /// What to ask for in order to be in that room.
  std::string target(std::uint32_t room) const;

 private:
  settings settings_;
  std::uint32_t run_;
  std::vector<std::uint32_t> first_;    // a room's first sender; one more at the end
  std::vector<seat> seats_;             // by sender
  std::vector<std::uint32_t> senders_;  // by connection
};

}  // namespace roomcast::load
