#include "roomcast/store/sqlite_store.hpp"

#include "disk.hpp"
#include "history_file.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <map>

using namespace roomcast;
using namespace std::chrono_literals;
using namespace std::string_literals;
using store::sqlite_store;
using test::batch_maker;
using test::everything;
using test::get;
using test::put;
using test::seqs;

namespace errc = boost::system::errc;

namespace {

// What was appended before has been told by then.
void wait(log::store& s) { put(s, "lobby", batch_maker{}); }

// The store gives up some messages each time that it has written what waits.
void give_up_some(log::store& s) { wait(s); }

}  // namespace

TEST_CASE("what is stored is found as it was") {
  const test::directory directory;
  const auto time = std::chrono::system_clock::time_point{1'700'000'000'123ms};
  {
    sqlite_store s{directory / "data", {}, {}};
    REQUIRE_FALSE(put(s, "lobby", batch_maker{time}
                                     .add(1, "hello", false, 7, "ada")
                                     .add(2, "a\0b"s, false, 8, "bob")
                                     .add(3, "", false, 8, "bob")));
    REQUIRE_FALSE(put(s, "lobby", batch_maker{time + 456us}
                                     .add(4, "\0\xff\xfe"s, true, 7, "ada")
                                     .add(5, "", true)
                                     .add(6, "\U0001F600", false, 9, "Zoë")));
  }
  sqlite_store s{directory / "data", {}, {}};
  const auto found = get(s, "lobby", everything);
  REQUIRE_FALSE(found.ec);
  CHECK(found.complete);
  REQUIRE(found.seqs() == seqs(1, 6));
  const auto& r = found.records;
  CHECK(r[0].text == "hello");
  CHECK(r[0].name == "ada");
  CHECK(r[0].sender == 7);
  CHECK_FALSE(r[0].binary);
  CHECK(r[0].time == time);
  CHECK(r[1].text == "a\0b"s);
  CHECK(r[1].sender == 8);
  CHECK(r[2].text.empty());
  CHECK_FALSE(r[2].binary);
  CHECK(r[3].text == "\0\xff\xfe"s);
  CHECK(r[3].binary);
  CHECK(r[3].time == time);  // in milliseconds
  CHECK(r[4].text.empty());
  CHECK(r[4].binary);
  CHECK(r[5].text == "\U0001F600");
  CHECK(r[5].name == "Zoë");
}

TEST_CASE("text is stored as such, and other bytes as bytes") {
  const test::directory directory;
  {
    sqlite_store s{directory / "data", {}, {}};
    put(s, "lobby", batch_maker{}.add(1, "text").add(2, "bytes", true));
  }
  const store::database db{directory / "data"};
  store::statement types{db, "SELECT typeof(text), binary FROM messages ORDER BY seq"};
  store::execution e{types};
  REQUIRE(e.next());
  CHECK(e.bytes(0) == "text");
  CHECK(e.integer(1) == 0);
  REQUIRE(e.next());
  CHECK(e.bytes(0) == "blob");
  CHECK(e.integer(1) == 1);
}

TEST_CASE("notices are not stored, and a batch of nothing else is told in its turn") {
  const test::directory directory;
  sqlite_store s{directory / "data", {}, {}};
  std::vector<int> order;
  {
    const test::held held{s};
    s.append("lobby", batch_maker{}.add_notice(0).add(1, "a").add_notice(1), [&](error_code ec) { order.push_back(ec ? -1 : 1); });
    s.append("lobby", batch_maker{}.add_notice(1), [&](error_code ec) { order.push_back(ec ? -1 : 2); });
    s.append("lobby", batch_maker{}.add(2, "b"), [&](error_code ec) { order.push_back(ec ? -1 : 3); });
  }
  wait(s);
  CHECK(get(s, "lobby", everything).seqs() == seqs(1, 2));
  CHECK(put(s, "quiet", batch_maker{}.add_notice(0)) == error_code{});
  CHECK(s.open("quiet").seq == 0);
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("the store lets go of a batch before it tells that it is stored") {
  const test::directory directory;
  std::shared_ptr<const log::batch> b = batch_maker{}.add(1, "a");
  std::weak_ptr<const log::batch> watched = b;
  std::promise<bool> is_gone;
  sqlite_store s{directory / "data", {}, {}};
  s.append("lobby", std::move(b), [&](error_code) { is_gone.set_value(watched.expired()); });
  CHECK(is_gone.get_future().get());
}

TEST_CASE("all batches that wait are stored in one transaction, in their order") {
  const test::directory directory;
  test::disk disk;
  sqlite_store s{directory / "data", {}, {}};
  put(s, "lobby", 1, 1);
  const auto syncs = disk.syncs();
  std::map<std::string, std::vector<int>> told;
  unsigned syncs_when_told = 0;
  {
    const test::held held{s};
    for (int i = 0; i < 100; ++i) {
      const std::string room = i % 2 ? "even" : "odd";
      s.append(room, batch_maker{}.add(static_cast<std::uint64_t>(i + 1), "text"), [&, room, i](error_code ec) {
        if (told.empty()) syncs_when_told = disk.syncs();
        told[room].push_back(ec ? -1 : i + 1);
      });
    }
  }
  wait(s);
  CHECK(get(s, "odd", everything).records.size() == 50);
  CHECK(syncs_when_told == syncs + 1);
  CHECK(disk.syncs() == syncs + 1);
  for (const auto& [room, numbers] : told) {
    CHECK(numbers.size() == 50);
    CHECK(std::is_sorted(numbers.begin(), numbers.end()));
    CHECK(numbers.front() > 0);
  }
}

TEST_CASE("a long queue is stored in several transactions") {
  const test::directory directory;
  test::disk disk;
  sqlite_store s{directory / "data", {}, {}};
  const auto syncs = disk.syncs();
  const std::string text(1 << 20, 'x');
  std::vector<std::future<error_code>> all;
  unsigned syncs_when_told = 0;
  {
    const test::held held{s};
    s.append("lobby", batch_maker{}.add(1, text), [&](error_code) { syncs_when_told = disk.syncs(); });
    for (std::uint64_t seq = 2; seq <= 10; ++seq) all.push_back(test::append(s, "lobby", batch_maker{}.add(seq, text)));
  }
  for (auto& each : all) CHECK_FALSE(each.get());
  CHECK(syncs_when_told == syncs + 1);
  CHECK(disk.syncs() >= syncs + 3);
}

TEST_CASE("what was told to be stored outlives a loss of power") {
  const test::directory directory;
  create_directory(directory / "synced");
  test::disk disk{directory / "synced"};
  sqlite_store s{directory / "data", {.retain_messages = 1000}, {}};
  const std::string epoch = s.open("lobby").epoch;
  REQUIRE_FALSE(put(s, "lobby", 1, 3000));  // gives up some, and fills the write-ahead log
  REQUIRE_FALSE(put(s, "lobby", 3001, 3001));
  {
    const test::held held{s};
    copy(directory / "synced", directory / "left");
  }
  sqlite_store after{directory / "left/data", {.retain_messages = 1000}, {}};
  CHECK(get(after, "lobby", everything).seqs() == seqs(2002, 3001));
  CHECK(after.open("lobby").seq == 3001);
  CHECK(after.open("lobby").epoch == epoch);
}

TEST_CASE("a room that is opened again goes on where it stood") {
  const test::directory directory;
  std::string epoch;
  {
    sqlite_store s{directory / "data", {}, {}};
    const auto fresh = s.open("lobby");
    epoch = fresh.epoch;
    CHECK(fresh.seq == 0);
    CHECK(epoch.size() == 8);
    CHECK(epoch.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == epoch.npos);
    CHECK(s.open("lobby").epoch == epoch);
    CHECK(s.open("other").epoch != epoch);
    const test::held held{s};
    test::append(s, "lobby", batch_maker{}.add(1, "a").add(2, "b").add_notice(2));
    CHECK(s.open("lobby").seq == 2);  // while it waits for the disk
    CHECK(s.open("lobby").epoch == epoch);
    test::append(s, "lobby", batch_maker{}.add(5, "c"));
  }
  sqlite_store s{directory / "data", {}, {}};
  CHECK(s.open("lobby").seq == 5);
  CHECK(s.open("lobby").epoch == epoch);
  CHECK(put(s, "lobby", 6, 6) == error_code{});
  CHECK(get(s, "lobby", everything).seqs() == std::vector<std::uint64_t>{1, 2, 5, 6});
}

TEST_CASE("a room where nothing was stored has another epoch in another life") {
  const test::directory directory;
  const auto epoch = sqlite_store{directory / "data", {}, {}}.open("lobby").epoch;
  CHECK(sqlite_store{directory / "data", {}, {}}.open("lobby").epoch != epoch);
}

TEST_CASE("the largest id of a sender is known after a restart") {
  const test::directory directory;
  {
    sqlite_store s{directory / "data", {.retain_messages = 1}, {}};
    CHECK(s.last_sender() == 0);
    put(s, "lobby", batch_maker{}.add(1, "a", false, 41).add(2, "b", false, 42));
    put(s, "lobby", batch_maker{}.add(3, "a", false, 40));
    CHECK(s.last_sender() == 42);
  }
  CHECK(sqlite_store{directory / "data", {}, {}}.last_sender() == 42);
}

TEST_CASE("the newest messages of a range are read, or the oldest, in ascending order") {
  const test::directory directory;
  sqlite_store s{directory / "data", {}, {}};
  put(s, "lobby", 1, 20);
  put(s, "other", 1, 3);
  const auto read = [&](const log::store::range& r) {
    const auto found = get(s, "lobby", r);
    CHECK_FALSE(found.ec);
    return std::pair{found.seqs(), found.complete};
  };
  CHECK(read(everything) == std::pair{seqs(1, 20), true});
  CHECK(read({.limit = 5, .max_bytes = SIZE_MAX}) == std::pair{seqs(16, 20), false});
  CHECK(read({.limit = 20, .max_bytes = SIZE_MAX}) == std::pair{seqs(1, 20), true});
  CHECK(read({.before = 16, .limit = 5, .max_bytes = SIZE_MAX}) == std::pair{seqs(11, 15), false});
  CHECK(read({.after = 10, .before = 16, .limit = 5, .max_bytes = SIZE_MAX}) == std::pair{seqs(11, 15), true});
  CHECK(read({.after = 10, .before = 16, .limit = 4, .max_bytes = SIZE_MAX}) == std::pair{seqs(12, 15), false});
  CHECK(read({.after = 20, .limit = 5, .max_bytes = SIZE_MAX}) == std::pair{seqs(1, 0), true});
  CHECK(read({.after = UINT64_MAX, .limit = 5, .max_bytes = SIZE_MAX}) == std::pair{seqs(1, 0), true});
  CHECK(read({.limit = 0, .max_bytes = SIZE_MAX}) == std::pair{seqs(1, 0), false});
  CHECK(read({.limit = 5, .max_bytes = SIZE_MAX, .oldest_first = true}) == std::pair{seqs(1, 5), false});
  CHECK(read({.after = 10, .before = 16, .limit = 4, .max_bytes = SIZE_MAX, .oldest_first = true}) == std::pair{seqs(11, 14), false});
  CHECK(read({.after = 10, .before = 16, .limit = 5, .max_bytes = SIZE_MAX, .oldest_first = true}) == std::pair{seqs(11, 15), true});
  CHECK(read({.after = 4, .limit = 5, .max_bytes = 1, .oldest_first = true}) == std::pair{seqs(5, 5), false});
  CHECK(get(s, "nowhere", everything).complete);
  CHECK(get(s, "nowhere", everything).records.empty());
}

TEST_CASE("binary messages are left out where they are not asked for") {
  const test::directory directory;
  sqlite_store s{directory / "data", {}, {}};
  put(s, "lobby", batch_maker{}.add(1, "a").add(2, "b", true).add(3, "c", true).add(4, "d"));
  const auto found = get(s, "lobby", {.limit = 2, .max_bytes = SIZE_MAX, .binary = false});
  CHECK(found.seqs() == std::vector<std::uint64_t>{1, 4});
  CHECK(found.complete);
}

TEST_CASE("a range is whole where nothing of it is given up, whether it is there still or not") {
  const test::directory directory;
  for (int start = 0; start < 2; ++start) {
    sqlite_store s{directory / "data", {.retain_messages = 10}, {}};
    if (start == 0) put(s, "lobby", 1, 300);
    for (const std::uint64_t after : {0u, 200u, 289u, 290u, 295u, 300u}) {
      const auto found = get(s, "lobby", {.after = after, .limit = SIZE_MAX, .max_bytes = SIZE_MAX});
      CHECK(found.complete);
      CHECK(found.whole == (after >= 290));
    }
  }
  sqlite_store aged{directory / "data", {.retain_age = 1h}, {}};
  put(aged, "old", 1, 1, std::chrono::system_clock::now() - 2h);
  put(aged, "old", 2, 2);
  CHECK(get(aged, "old", everything).complete);
  CHECK_FALSE(get(aged, "old", everything).whole);
  CHECK(get(aged, "old", {.after = 1, .limit = SIZE_MAX, .max_bytes = SIZE_MAX}).whole);
}

TEST_CASE("what is read is bounded in bytes, but for the newest message") {
  const test::directory directory;
  sqlite_store s{directory / "data", {}, {}};
  put(s, "lobby", batch_maker{}.add(1, "small").add(2, std::string(10'000, 'x')).add(3, "small").add(4, "small"));
  const auto two = 2 * (sizeof(log::record) + 5 + 3);
  const auto found = get(s, "lobby", {.limit = 10, .max_bytes = two});
  CHECK(found.seqs() == seqs(3, 4));
  CHECK_FALSE(found.complete);
  CHECK(get(s, "lobby", {.limit = 10, .max_bytes = two - 1}).seqs() == seqs(4, 4));
  CHECK(get(s, "lobby", {.before = 3, .limit = 10, .max_bytes = two}).seqs() == seqs(2, 2));
}

TEST_CASE("a reader sees what was told to be stored before, and nothing that waits") {
  const test::directory directory;
  std::promise<std::size_t> found;
  sqlite_store s{directory / "data", {}, {}};
  s.append("lobby", batch_maker{}.add(1, "a"), [&](error_code) {
    s.append("lobby", batch_maker{}.add(2, "b"), [](error_code) {});
    s.read("lobby", everything, [&](error_code, const log::store::excerpt& e) { found.set_value(e.records.size()); });
  });
  CHECK(found.get_future().get() == 1);
}

TEST_CASE("senders are to be refused while too much waits for the disk") {
  const test::directory directory;
  const std::shared_ptr<const log::batch> b = batch_maker{}.add(1, "text");
  const std::shared_ptr<const log::batch> next = batch_maker{}.add(2, "text");
  sqlite_store s{directory / "data", {.max_queue_bytes = log::weight_of(*b) + log::weight_of(*next)}, {}};
  std::future<error_code> first, second;
  {
    const test::held held{s};
    first = test::append(s, "lobby", b);
    CHECK_FALSE(s.is_overloaded());
    second = test::append(s, "lobby", next);
    CHECK(s.is_overloaded());
  }
  first.wait();
  CHECK_FALSE(second.get());
  CHECK_FALSE(s.is_overloaded());
}

TEST_CASE("no more than the newest messages are shown, and the rest is given up") {
  const test::directory directory;
  const auto stored = [&] {
    sqlite_store all{directory / "data", {}, {}};
    return std::pair{get(all, "lobby", everything).seqs(), get(all, "small", everything).records.size()};
  };
  {
    sqlite_store s{directory / "data", {.retain_messages = 10}, {}};
    put(s, "small", 1, 10);
    for (std::uint64_t seq = 1; seq <= 500; seq += 20) {
      put(s, "lobby", seq, seq + 19);
      const auto found = get(s, "lobby", everything);
      CHECK(found.seqs() == seqs(seq + 10, seq + 19));
      CHECK(found.complete);
    }
    CHECK(get(s, "lobby", {.before = 495, .limit = 100, .max_bytes = SIZE_MAX}).seqs() == seqs(491, 494));
  }
  const auto [left, small] = stored();
  CHECK(left.size() < 10 + 64 + 20);
  CHECK(left.back() == 500);
  CHECK(small == 10);
}

TEST_CASE("a room in which more is stored than is kept is cut at the next start") {
  const test::directory directory;
  {
    sqlite_store s{directory / "data", {}, {}};
    put(s, "lobby", 1, 1000);
    put(s, "other", 1, 1000);
  }
  {
    sqlite_store s{directory / "data", {.retain_messages = 3}, {}};
    for (int round = 0; round < 12; ++round) {
      CHECK(get(s, "lobby", everything).seqs() == seqs(998, 1000));
      give_up_some(s);
    }
  }
  sqlite_store s{directory / "data", {}, {}};
  CHECK(get(s, "lobby", everything).seqs() == seqs(998, 1000));
  CHECK(get(s, "other", everything).seqs() == seqs(998, 1000));
}

TEST_CASE("messages that are too old are neither shown nor kept, and a room without any is begun anew") {
  const test::directory directory;
  const auto now = std::chrono::system_clock::now();
  std::string lobby, old;
  {
    sqlite_store s{directory / "data", {}, {}};
    put(s, "lobby", 1, 400, now - 2h);
    put(s, "lobby", 401, 402, now);
    put(s, "old", 1, 2, now - 2h);
    lobby = s.open("lobby").epoch;
    old = s.open("old").epoch;
  }
  {
    sqlite_store s{directory / "data", {.retain_age = 1h}, {}};
    for (int round = 0; round < 8; ++round) {
      CHECK(get(s, "lobby", everything).seqs() == seqs(401, 402));
      give_up_some(s);
    }
    CHECK(get(s, "old", everything).records.empty());
    CHECK(get(s, "old", everything).complete);
    CHECK(s.open("old").seq == 2);
    CHECK(s.open("old").epoch == old);
  }
  sqlite_store s{directory / "data", {}, {}};
  CHECK(get(s, "lobby", everything).seqs() == seqs(401, 402));
  CHECK(s.open("lobby").epoch == lobby);
  CHECK(s.open("old").seq == 0);
  CHECK(s.open("old").epoch != old);
}

TEST_CASE("the write-ahead log stays small") {
  const test::directory directory;
  sqlite_store s{directory / "data", {}, {}};
  const std::string text(10'000, 'x');
  for (std::uint64_t seq = 1; seq <= 2000; ++seq) test::append(s, "lobby", batch_maker{}.add(seq, text));
  put(s, "lobby", 2001, 2001);
  CHECK(file_size(directory / "data-wal") < 14u << 20);
}

TEST_CASE("a store that ends does what it was asked to, and leaves one file") {
  const test::directory directory;
  int stored = 0, read = 0;
  {
    sqlite_store s{directory / "data", {}, {}};
    const test::held held{s};
    for (std::uint64_t seq = 1; seq <= 50; ++seq)
      s.append("lobby", batch_maker{}.add(seq, "text"), [&](error_code ec) { stored += !ec; });
    s.read("lobby", everything, [&](error_code ec, const log::store::excerpt&) { read += !ec; });
  }
  CHECK(stored == 50);
  CHECK(read == 1);
  CHECK(exists(directory / "data"));
  CHECK_FALSE(exists(directory / "data-wal"));
  CHECK_FALSE(exists(directory / "data-shm"));
}

TEST_CASE("a full disk fails what waits, is told of once, and heals") {
  const test::directory directory;
  test::disk disk;
  test::logged log;
  int code = SQLITE_FULL;
  errc::errc_t reason = errc::no_space_on_device;
  SUBCASE("full") {}
  SUBCASE("read-only") { code = SQLITE_READONLY, reason = errc::read_only_file_system; }
  SUBCASE("broken") { code = SQLITE_IOERR_WRITE, reason = errc::io_error; }
  {
    sqlite_store s{directory / "data", {}, log.function()};
    REQUIRE_FALSE(put(s, "lobby", 1, 2));
    disk.answer_writes(code);
    CHECK(put(s, "lobby", 3, 4) == reason);
    CHECK(put(s, "other", 1, 1) == reason);
    CHECK(get(s, "lobby", everything).seqs() == seqs(1, 2));
    CHECK(get(s, "other", everything).records.empty());
    CHECK(s.open("lobby").seq == 4);  // is not used again
    disk.answer_writes(SQLITE_OK);
    CHECK_FALSE(put(s, "lobby", 5, 6));
    CHECK_FALSE(put(s, "other", 2, 2));
  }
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0].first == log_level::error);
  CHECK(log.lines()[0].second.find((directory / "data").native()) != std::string::npos);
  sqlite_store s{directory / "data", {}, {}};
  CHECK(get(s, "lobby", everything).seqs() == std::vector<std::uint64_t>{1, 2, 5, 6});
  CHECK(get(s, "other", everything).seqs() == seqs(2, 2));
}

TEST_CASE("what cannot be synced is not stored") {
  const test::directory directory;
  test::disk disk;
  sqlite_store s{directory / "data", {}, {}};
  REQUIRE_FALSE(put(s, "lobby", 1, 2));
  disk.answer_syncs(SQLITE_IOERR_FSYNC);
  CHECK(put(s, "lobby", 3, 4) == errc::io_error);
  CHECK(get(s, "lobby", everything).seqs() == seqs(1, 2));
  disk.answer_syncs(SQLITE_OK);
  CHECK_FALSE(put(s, "lobby", 5, 5));
  CHECK(get(s, "lobby", everything).seqs() == std::vector<std::uint64_t>{1, 2, 5});
}

TEST_CASE("those that wait behind what failed fail, too, but for other rooms") {
  const test::directory directory;
  test::disk disk;
  sqlite_store s{directory / "data", {}, {}};
  const std::string text(5 << 20, 'x');  // a transaction of its own
  std::future<error_code> first, behind, other;
  {
    const test::held held{s};
    disk.answer_writes(SQLITE_FULL);
    s.append("lobby", batch_maker{}.add(1, text), [&](error_code) {});
    first = test::append(s, "lobby", batch_maker{}.add(2, "behind"));
    s.append("lobby", batch_maker{}.add(3, "heals"), [&](error_code) { disk.answer_writes(SQLITE_OK); });
    behind = test::append(s, "lobby", batch_maker{}.add(4, "behind"));
    other = test::append(s, "other", batch_maker{}.add(1, "a"));
  }
  CHECK(first.get() == errc::no_space_on_device);
  CHECK(behind.get() == errc::no_space_on_device);
  CHECK_FALSE(other.get());
  CHECK_FALSE(put(s, "lobby", 5, 5));
  CHECK(get(s, "lobby", everything).seqs() == seqs(5, 5));
}

TEST_CASE("a sequence number cannot be used twice, and what was to be stored with it is not") {
  const test::directory directory;
  sqlite_store s{directory / "data", {}, {}};
  put(s, "lobby", 1, 1);
  CHECK(put(s, "lobby", batch_maker{}.add(2, "b").add(1, "a")) == errc::io_error);
  CHECK(get(s, "lobby", everything).seqs() == seqs(1, 1));
  CHECK_FALSE(put(s, "lobby", 3, 3));
}

TEST_CASE("a failed giving up is tried again later, and does not hinder what is stored") {
  const test::directory directory;
  test::disk disk;
  test::logged log;
  sqlite_store s{directory / "data", {.retain_messages = 10}, log.function()};
  wait(s);  // it looks around at its start
  put(s, "lobby", 1, 73);
  // With this one there are enough beyond those that are kept.
  s.append("lobby", batch_maker{}.add(74, "text"), [&](error_code) { disk.answer_writes(SQLITE_FULL); });
  wait(s);
  give_up_some(s);
  CHECK(log.lines().size() == 1);
  const auto writes = disk.writes();
  for (int round = 0; round < 3; ++round) give_up_some(s);
  CHECK(disk.writes() == writes);  // it rests
  CHECK(get(s, "lobby", everything).seqs() == seqs(65, 74));
  disk.answer_writes(SQLITE_OK);
  CHECK_FALSE(put(s, "lobby", 75, 75));
  CHECK(get(s, "lobby", everything).seqs() == seqs(66, 75));
}
