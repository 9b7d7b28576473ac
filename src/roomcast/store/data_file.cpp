#include "roomcast/store/data_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>

namespace roomcast::store {
namespace {

constexpr std::int64_t application_id = 0x726f6f6d;  // "room"

// Step i makes version i + 1 of what comes before it.
//
// Messages have no rowid: the messages of a room lie together, in their order, which is how they are read and given up. A
// room's last sequence number, the count of its messages, and the last sequence number that was given up are its own, as all of its
// messages may be given up, and as counting takes long.
constexpr std::array migrations{
    R"(CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
       INSERT INTO meta VALUES ('clean', 1), ('last_sender', 0);
       CREATE TABLE rooms (
         id INTEGER PRIMARY KEY,
         name TEXT NOT NULL UNIQUE,
         epoch TEXT NOT NULL,
         seq INTEGER NOT NULL,
         messages INTEGER NOT NULL,
         given_up INTEGER NOT NULL DEFAULT 0) STRICT;
       CREATE TABLE messages (
         room INTEGER NOT NULL,
         seq INTEGER NOT NULL,
         sender INTEGER NOT NULL,
         name TEXT NOT NULL,
         text ANY NOT NULL,
         binary INTEGER NOT NULL,
         time INTEGER NOT NULL,
         PRIMARY KEY (room, seq)) STRICT, WITHOUT ROWID;)"};

// A text that is not from SQLite: the file is damaged.
struct damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::int64_t ask(const database& db, std::string_view sql) {
  statement s{db, sql};
  execution e{s};
  return e.next() ? e.integer(0) : 0;
}

std::string ask_text(const database& db, std::string_view sql) {
  statement s{db, sql};
  execution e{s};
  return e.next() ? std::string{e.bytes(0)} : std::string{};
}

// Returns its version. Nothing is written.
std::size_t recognize(const database& db) {
  if (ask(db, "SELECT count(*) FROM sqlite_schema") == 0) return 0;
  if (ask(db, "PRAGMA application_id") != application_id) throw std::runtime_error("it is another program's database");
  const auto version = ask(db, "PRAGMA user_version");
  if (version < 0 || static_cast<std::size_t>(version) > migrations.size())
    throw std::runtime_error(
        fmt::format("it was written by a newer version (its schema is {}, the newest known is {})", version, migrations.size()));
  return static_cast<std::size_t>(version);
}

void check(const database& db, const std::filesystem::path& file, const log_function& log) {
  if (ask(db, "SELECT value FROM meta WHERE key = 'clean'") != 0) return;
  const auto begin = std::chrono::steady_clock::now();
  const auto verdict = ask_text(db, "PRAGMA integrity_check(1)");
  if (verdict != "ok") throw damage(verdict);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  if (log)
    log(log_level::info,
        fmt::format("{} was not closed properly; it has been checked, in {} ms, and is in order", file.native(), took.count()));
}

void migrate(database& db, std::size_t version) {
  for (; version < migrations.size(); ++version) {
    transaction t{db};
    db.run(migrations[version]);
    db.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, version + 1).c_str());
    t.commit();
  }
}

void note(database& db, bool clean) { db.run(fmt::format("UPDATE meta SET value = {:d} WHERE key = 'clean'", clean).c_str()); }

// What SQLite writes beside a database, and the database itself, last: where the move is cut short, it is damaged still.
constexpr std::array suffixes{"-wal", "-shm", "-journal", ""};

std::filesystem::path with(std::filesystem::path file, std::string_view suffix) { return file += suffix; }

// SQLite would take an empty file, or one of a byte, for a new one, and remove what is beside it.
bool is_cut_off(const std::filesystem::path& file) {
  std::error_code missing;
  const auto size_of = [&](auto suffix) {
    const auto size = file_size(with(file, suffix), missing);
    return missing ? 0 : size;
  };
  return size_of("") == 1 || (size_of("") == 0 && size_of("-wal") != 0);
}

// Where there is none. Where that is not possible, SQLite would tell only that it has found none.
void create(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
  if (descriptor >= 0) ::close(descriptor);
  else if (errno != EEXIST) throw std::runtime_error(std::strerror(errno));
}

database open(const std::filesystem::path& file, const log_function& log, const std::function<void(database&)>& load) {
  if (is_cut_off(file)) throw damage("it is empty");
  create(file);
  database db{file};
  if (db.is_read_only()) throw std::runtime_error("it is read-only");
  // Alone, so that no other server uses it, and without a file of shared memory.
  db.run("PRAGMA locking_mode = EXCLUSIVE");
  const auto version = recognize(db);
  if (version > 0) check(db, file, log);
  if (ask_text(db, "PRAGMA journal_mode = WAL") != "wal") throw std::runtime_error("its file system has no write-ahead log");
  db.run("PRAGMA secure_delete = FAST");
  db.sync_commits(true);
  migrate(db, version);
  load(db);
  note(db, false);
  db.keep();
  return db;
}

std::filesystem::path set_aside(const std::filesystem::path& file) {
  const auto is_taken = [](const std::filesystem::path& there) {
    return std::any_of(suffixes.begin(), suffixes.end(), [&](auto suffix) { return exists(symlink_status(with(there, suffix))); });
  };
  std::filesystem::path there;
  for (int n = 1; is_taken(there = with(file, fmt::format(".damaged-{}", n)));) ++n;
  for (const auto suffix : suffixes)
    if (exists(with(file, suffix))) rename(with(file, suffix), with(there, suffix));
  return there;
}

void give_up(const std::filesystem::path& file, const log_function& log, std::string_view reason) {
  const auto there = set_aside(file);
  if (log)
    log(log_level::warning,
        fmt::format("{} is damaged ({}): it is kept as {}, and the rooms begin anew", file.native(), reason, there.native()));
}

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view reason) {
  throw std::runtime_error(fmt::format("{} cannot be used: {}", file.native(), reason));
}

}  // namespace

database open_data_file(const std::filesystem::path& file, const log_function& log, const std::function<void(database&)>& load) try {
  // SQLite's other files are beside what a link leads to.
  const auto target = weakly_canonical(file);
  try {
    return open(target, log, load);
  } catch (const damage& found) {
    give_up(target, log, found.what());
  } catch (const sqlite_failure& failure) {
    if (!failure.is_damage()) throw;
    give_up(target, log, failure.what());
  }
  return open(target, log, load);
} catch (const sqlite_failure& failure) {
  refuse(file, failure.is_busy() ? "another process has it open" : failure.what());
} catch (const std::runtime_error& failure) {
  refuse(file, failure.what());
}

void close_data_file(database& db) { note(db, true); }

}  // namespace roomcast::store
