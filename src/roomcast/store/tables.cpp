#include "roomcast/store/tables.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace roomcast::store {
namespace {

// SQLite's numbers are signed.
std::uint64_t in_range(std::uint64_t n) noexcept {
  return std::min(n, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

std::int64_t milliseconds_of(std::chrono::system_clock::time_point time) noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

}  // namespace

tables::tables(const database& db)
    : add_(db, "INSERT INTO messages (room, seq, sender, name, text, binary, time) VALUES (?, ?, ?, ?, ?, ?, ?)"),
      note_(db,
            "INSERT INTO rooms (id, name, epoch, seq, messages) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, messages = messages + excluded.messages"),
      last_sender_(db, "SELECT value FROM meta WHERE key = 'last_sender'"),
      note_last_sender_(db, "UPDATE meta SET value = ? WHERE key = 'last_sender'"),
      read_(db,
            "SELECT seq, sender, name, text, binary, time FROM messages "
            "WHERE room = ? AND seq > ? AND seq < ? AND time >= ? AND (binary = 0 OR ?) ORDER BY seq DESC"),
      read_oldest_(db,
                   "SELECT seq, sender, name, text, binary, time FROM messages "
                   "WHERE room = ? AND seq > ? AND seq < ? AND time >= ? AND (binary = 0 OR ?) ORDER BY seq"),
      first_(db, "SELECT time FROM messages WHERE room = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT 1"),
      nth_(db, "SELECT seq FROM messages WHERE room = ? ORDER BY seq LIMIT 1 OFFSET ?"),
      stale_(db, "SELECT seq, time FROM messages WHERE room = ? ORDER BY seq LIMIT ?"),
      remove_(db, "DELETE FROM messages WHERE room = ? AND seq <= ?"),
      uncount_(db, "UPDATE rooms SET messages = messages - ?, given_up = ? WHERE id = ?") {}

void tables::load(database& db, room_index& into) {
  db.run("DELETE FROM rooms WHERE messages = 0");
  statement s{db, "SELECT id, name, epoch, seq, messages, given_up FROM rooms"};
  for (execution e{s}; e.next();) into.add(e.integer(0), e.bytes(1), e.bytes(2), e.count(3), e.count(4)).given_up = e.count(5);
}

void tables::add(const stored_room& r, const wire::message& m) {
  const auto time = milliseconds_of(m.time);
  if (m.binary)
    execution{add_, r.id, m.seq, m.id, m.name, blob{m.text}, true, time}.finish();
  else
    execution{add_, r.id, m.seq, m.id, m.name, m.text, false, time}.finish();
}

void tables::note(const stored_room& r, std::uint64_t seq, std::uint64_t messages) {
  execution{note_, r.id, std::string_view{r.name}, std::string_view{r.epoch}, seq, messages}.finish();
}

std::uint64_t tables::last_sender() {
  execution e{last_sender_};
  return e.next() ? e.count(0) : 0;
}

void tables::note_last_sender(std::uint64_t id) { execution{note_last_sender_, id}.finish(); }

log::store::excerpt tables::read(const stored_room& r, const log::store::range& which, time_point oldest) {
  const auto least = oldest.time_since_epoch().count();
  std::vector<log::record> found;
  std::size_t bytes = 0;
  execution e{which.oldest_first ? read_oldest_ : read_, r.id, in_range(which.after), in_range(which.before), least, which.binary};
  bool is_more = e.next();
  while (is_more && found.size() < which.limit) {
    bytes += sizeof(log::record) + e.bytes(2).size() + e.bytes(3).size();
    if (bytes > which.max_bytes && !found.empty()) break;
    found.push_back({.seq = e.count(0),
                     .sender = e.count(1),
                     .name = std::string{e.bytes(2)},
                     .text = std::string{e.bytes(3)},
                     .binary = e.integer(4) != 0,
                     .time = time_point{std::chrono::milliseconds{e.integer(5)}}});
    is_more = e.next();
  }
  if (!which.oldest_first) std::reverse(found.begin(), found.end());
  execution first{first_, r.id, in_range(which.after), in_range(which.before)};
  const bool is_aged = first.next() && first.integer(0) < least;
  return {.records = std::move(found), .complete = !is_more, .whole = !is_more && !is_aged};
}

std::uint64_t tables::nth(const stored_room& r, std::uint64_t n) {
  execution e{nth_, r.id, n - 1};
  return e.next() ? e.count(0) : 0;
}

tables::stale tables::find_stale(const stored_room& r, std::uint64_t surplus, time_point time, std::size_t limit) {
  stale found;
  for (execution e{stale_, r.id, limit}; e.next();) {
    if (found.count >= surplus && e.integer(1) >= time.time_since_epoch().count()) break;
    ++found.count;
    found.last_seq = e.count(0);
  }
  return found;
}

void tables::remove(const stored_room& r, const stale& which) {
  execution{remove_, r.id, which.last_seq}.finish();
  execution{uncount_, which.count, which.last_seq, r.id}.finish();
}

}  // namespace roomcast::store
