#include "roomcast/store/data_file.hpp"

#include "history_file.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

using namespace roomcast;
using store::sqlite_store;
using test::batch_maker;
using test::everything;
using test::get;
using test::put;
using test::seqs;

namespace {

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write(const std::filesystem::path& file, std::string_view bytes) { std::ofstream{file, std::ios::binary} << bytes; }

// Makes `file` one that was not closed, with a write-ahead log.
void make_unclosed(const test::directory& directory, const std::filesystem::path& file) {
  sqlite_store s{directory / "running", {}, {}};
  put(s, "lobby", 1, 300);
  const test::held held{s};
  copy_file(directory / "running", file);
  copy_file(directory / "running-wal", file.native() + "-wal");
}

void run(const std::filesystem::path& file, const char* sql) {
  store::database db{file};
  db.keep();
  db.run(sql);
}

// Why the file cannot be used.
std::string refusal(const std::filesystem::path& file) {
  try {
    sqlite_store{file, {}, {}};
  } catch (const std::runtime_error& refused) {
    return refused.what();
  }
  return {};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a file that was not closed is checked and goes on") {
  const test::directory directory;
  make_unclosed(directory, directory / "data");
  test::logged log;
  {
    sqlite_store s{directory / "data", {}, log.function()};
    CHECK(get(s, "lobby", everything).seqs() == seqs(1, 300));
  }
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0].first == log_level::info);
  CHECK(contains(log.lines()[0].second, "not closed properly"));

  test::logged again;
  sqlite_store{directory / "data", {}, again.function()};
  CHECK(again.lines().empty());  // it was closed
}

TEST_CASE("a damaged file is set aside as it is, and the rooms begin anew") {
  const test::directory directory;
  const auto file = directory / "data";
  make_unclosed(directory, file);
  std::string epoch;
  {
    sqlite_store s{file, {}, {}};
    epoch = s.open("lobby").epoch;
  }
  auto bytes = bytes_of(file);
  SUBCASE("in a page of messages") {
    run(file, "UPDATE meta SET value = 0 WHERE key = 'clean'");
    bytes = bytes_of(file);
    std::fill_n(bytes.end() - 4096, 2048, '\x5a');
  }
  SUBCASE("cut short") {
    run(file, "UPDATE meta SET value = 0 WHERE key = 'clean'");
    bytes = bytes_of(file);
    bytes.resize(bytes.size() - 3 * 4096);
  }
  SUBCASE("in the page of the schema, though it was closed") { std::fill_n(bytes.begin() + 100, 200, '\x5a'); }
  SUBCASE("no database") { bytes = "These are my notes, and no database.\n"; }
  SUBCASE("one byte") { bytes = "x"; }
  SUBCASE("empty") { bytes = ""; }
  write(file, bytes);
  write(directory / "data-wal", "of what is damaged");
  write(directory / "data.damaged-1", "an older one");
  write(directory / "data.damaged-2-wal", "of a still older one");

  test::logged log;
  {
    sqlite_store s{file, {}, log.function()};
    CHECK(s.open("lobby").seq == 0);
    CHECK(s.open("lobby").epoch != epoch);
    CHECK_FALSE(put(s, "lobby", 1, 2));
  }
  CHECK(bytes_of(directory / "data.damaged-1") == "an older one");
  CHECK(bytes_of(directory / "data.damaged-2-wal") == "of a still older one");
  CHECK(bytes_of(directory / "data.damaged-3") == bytes);
  CHECK(bytes_of(directory / "data.damaged-3-wal") == "of what is damaged");
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0].first == log_level::warning);
  CHECK(contains(log.lines()[0].second, (directory / "data.damaged-3").native()));

  sqlite_store s{file, {}, {}};
  CHECK(get(s, "lobby", everything).seqs() == seqs(1, 2));
}

TEST_CASE("a damaged write-ahead log is set aside with its file, unchanged") {
  const test::directory directory;
  const auto file = directory / "data";
  make_unclosed(directory, file);
  // The log has the newer pages: what is there instead of a page of messages is valid for SQLite's check sums.
  run(file, "PRAGMA locking_mode = EXCLUSIVE; UPDATE meta SET value = 0; PRAGMA writable_schema = ON; "
            "UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'messages'");
  {
    store::database db{file};
    db.run("PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE IF NOT EXISTS more (n)");
  }
  REQUIRE(exists(directory / "data-wal"));
  const auto bytes = bytes_of(file);
  const auto wal = bytes_of(directory / "data-wal");
  REQUIRE_FALSE(wal.empty());
  sqlite_store{file, {}, {}};
  CHECK(bytes_of(directory / "data.damaged-1") == bytes);
  CHECK(bytes_of(directory / "data.damaged-1-wal") == wal);
}

TEST_CASE("of a link to a damaged file, the file is set aside") {
  const test::directory directory;
  write(directory / "target", "no database");
  create_symlink(directory / "target", directory / "data");
  sqlite_store{directory / "data", {}, {}};
  CHECK(is_symlink(directory / "data"));
  CHECK(bytes_of(directory / "target.damaged-1") == "no database");
}

TEST_CASE("damage that is found while the store runs is told, and checked for at the next start") {
  const test::directory directory;
  const auto file = directory / "data";
  {
    sqlite_store s{file, {}, {}};
    put(s, "lobby", 1, 3000);
  }
  auto bytes = bytes_of(file);
  std::fill(bytes.begin() + 10 * 4096, bytes.end(), '\x5a');
  write(file, bytes);
  test::logged log;
  {
    sqlite_store s{file, {}, log.function()};
    CHECK(get(s, "lobby", everything).ec == boost::system::errc::io_error);
  }
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0].first == log_level::error);
  sqlite_store s{file, {}, log.function()};
  CHECK(exists(directory / "data.damaged-1"));
  CHECK(s.open("lobby").seq == 0);
}

TEST_CASE("a file of a newer version is refused and left alone") {
  const test::directory directory;
  const auto file = directory / "data";
  sqlite_store{file, {}, {}};
  run(file, "PRAGMA user_version = 99; UPDATE meta SET value = 0 WHERE key = 'clean'");
  const auto bytes = bytes_of(file);
  CHECK(contains(refusal(file), file.native() + " cannot be used: it was written by a newer version"));
  CHECK(contains(refusal(file), "99"));
  CHECK(bytes_of(file) == bytes);
}

TEST_CASE("another program's database is refused and left alone") {
  const test::directory directory;
  const auto file = directory / "data";
  run(file, "CREATE TABLE notes (text)");
  const auto bytes = bytes_of(file);
  CHECK(contains(refusal(file), "another program's database"));
  CHECK(bytes_of(file) == bytes);
}

TEST_CASE("a file that is in use is refused") {
  const test::directory directory;
  sqlite_store s{directory / "data", {}, {}};
  CHECK(refusal(directory / "data") == (directory / "data").native() + " cannot be used: another process has it open");
  CHECK_FALSE(put(s, "lobby", 1, 1));
}

TEST_CASE("where there can be no file, the reason is told") {
  const test::directory directory;
  CHECK(contains(refusal(directory / "nowhere/data"), "/data cannot be used: No such file or directory"));
  create_directory(directory / "data");
  CHECK(contains(refusal(directory / "data"), "data cannot be used"));
  CHECK_FALSE(refusal("").empty());
}

TEST_CASE("a file that must not be written is refused") {
  if (::geteuid() == 0) return;  // root may
  const test::directory directory;
  sqlite_store{directory / "data", {}, {}};
  permissions(directory / "data", std::filesystem::perms::owner_read);
  CHECK(contains(refusal(directory / "data"), "it is read-only"));
}
