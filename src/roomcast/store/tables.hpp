#pragma once

#include "roomcast/log/store.hpp"
#include "roomcast/store/room_index.hpp"
#include "roomcast/store/sqlite.hpp"
#include "roomcast/wire/message.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace roomcast::store {

/// Messages are told apart by their time in milliseconds.
using time_point = std::chrono::sys_time<std::chrono::milliseconds>;

/// The rooms and messages of a database. Everything throws `sqlite_failure`.
class tables {
 public:
  explicit tables(const database& db);

  /// The rooms of `db`, without those whose last message was given up.
  static void load(database& db, room_index& into);

  void add(const stored_room& r, const wire::message& m);

  /// Notes that `messages` were added to `r`, the last of which is `seq`.
  void note(const stored_room& r, std::uint64_t seq, std::uint64_t messages);

  std::uint64_t last_sender();
  void note_last_sender(std::uint64_t id);

  /// As `log::store::read` has it, of messages that are not older than `oldest`; `whole` where none of the range is.
  log::store::excerpt read(const stored_room& r, const log::store::range& which, time_point oldest);

  /// The sequence number of the `n`th message of `r` from the oldest, counted from 1; 0 where there is none.
  std::uint64_t nth(const stored_room& r, std::uint64_t n);

  /// Of the oldest `limit` messages of `r` those before `time`, and the first `surplus` whatever their time.
  struct stale {
    std::uint64_t count = 0;
    std::uint64_t last_seq = 0;
  };
  stale find_stale(const stored_room& r, std::uint64_t surplus, time_point time, std::size_t limit);

  void remove(const stored_room& r, const stale& which);

 private:
  statement add_, note_, last_sender_, note_last_sender_, read_, read_oldest_, first_, nth_, stale_, remove_, uncount_;
};

}  // namespace roomcast::store
