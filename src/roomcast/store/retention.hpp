#pragma once

#include "roomcast/store/room_index.hpp"
#include "roomcast/store/tables.hpp"

#include <boost/intrusive/slist.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace roomcast::store {

/// How much of each room stays: readers are shown no more than that, and the rest is given up in small steps, when enough
/// has come together in a room. Which rooms have some is looked up again and again where messages become too old. Rooms
/// outlive it. The writer's.
class retention {
 public:
  using clock = std::chrono::steady_clock;

  /// 0 for all messages, and for ever.
  retention(std::uint64_t messages, std::chrono::seconds age) noexcept : messages_(messages), age_(age) {}

  /// Nothing is shown that is older.
  time_point oldest() const noexcept;

  /// So many of the oldest messages of `r` are shown no more.
  std::uint64_t surplus_of(const stored_room& r) const noexcept {
    return messages_ != 0 && r.messages > messages_ ? r.messages - messages_ : 0;
  }

  /// Messages were added to `r`.
  void grew(stored_room& r) noexcept;

  /// Looks at all rooms, of which `first` is the first, where it is time to.
  void look_around(stored_room* first, clock::time_point now) noexcept;

  /// When there is something to do next.
  std::optional<clock::time_point> next() const noexcept;

  /// Gives up messages of one room, `limit` of them at most. Returns how many it were. Throws `sqlite_failure`.
  std::size_t step(database& db, tables& t, std::size_t limit);

  /// Does nothing for some time: a step has failed.
  void rest(clock::time_point now) noexcept;

  bool is_due(clock::time_point now) const noexcept { return !due_.empty() && now >= rests_until_; }

 private:
  void add(stored_room& r) noexcept;
  std::uint64_t slack() const noexcept;
  clock::duration interval() const noexcept;

  const std::uint64_t messages_;
  const std::chrono::seconds age_;
  boost::intrusive::slist<stored_room, boost::intrusive::cache_last<true>, boost::intrusive::constant_time_size<false>> due_;
  std::optional<clock::time_point> looks_at_{clock::time_point{}};
  clock::time_point rests_until_{};
};

}  // namespace roomcast::store
