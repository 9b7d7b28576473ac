#include "roomcast/store/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <new>
#include <string>
#include <system_error>

namespace roomcast::store {
namespace {

// Another server may just be ending.
constexpr int busy_timeout_ms = 1000;

constexpr int checkpoint_pages = 1000;

int primary(int code) noexcept { return code & 0xff; }

// SQLite's own note of it lacks what a commit met with. Only these failures have one.
int system_error_of(int code) noexcept { return primary(code) == SQLITE_IOERR || primary(code) == SQLITE_CANTOPEN ? errno : 0; }

std::string text_of(sqlite3* db, int code, int system_error) {
  const std::string text = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  return system_error == 0 ? text : fmt::format("{} ({})", text, std::generic_category().message(system_error));
}

}  // namespace

sqlite_failure::sqlite_failure(sqlite3* db, int code) : sqlite_failure(db, code, system_error_of(code)) {}

sqlite_failure::sqlite_failure(sqlite3* db, int code, int system_error)
    : std::runtime_error(text_of(db, code, system_error)), code_(code), system_error_(system_error) {}

error_code sqlite_failure::reason() const noexcept {
  namespace errc = boost::system::errc;
  if (primary(code_) == SQLITE_NOMEM) return errc::make_error_code(errc::not_enough_memory);
  if (primary(code_) == SQLITE_FULL || system_error_ == ENOSPC || system_error_ == EDQUOT || system_error_ == EFBIG)
    return errc::make_error_code(errc::no_space_on_device);
  if (primary(code_) == SQLITE_READONLY || system_error_ == EROFS) return errc::make_error_code(errc::read_only_file_system);
  return errc::make_error_code(errc::io_error);
}

bool sqlite_failure::is_damage() const noexcept { return primary(code_) == SQLITE_CORRUPT || primary(code_) == SQLITE_NOTADB; }

bool sqlite_failure::is_busy() const noexcept { return primary(code_) == SQLITE_BUSY; }

database::database(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  // An absolute path is none of the names that mean something else to SQLite.
  const int code = sqlite3_open_v2(std::filesystem::absolute(file).c_str(), &db,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  db_.reset(db);
  if (code != SQLITE_OK) throw sqlite_failure(db, code);
  sqlite3_busy_timeout(db, busy_timeout_ms);
  sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const auto note_pages = [](void* wal_pages, sqlite3*, const char*, int pages) {
    *static_cast<int*>(wal_pages) = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(db, note_pages, wal_pages_.get());
}

void database::keep() { sqlite3_db_config(get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr); }

void database::run(const char* sql) {
  if (const int code = sqlite3_exec(get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) throw sqlite_failure(get(), code);
}

void database::sync_commits(bool does) {
  if (does == syncs_) return;
  syncs_ = false;  // whatever comes of it
  run(does ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  syncs_ = does;
}

void database::checkpoint() {
  if (*wal_pages_ < checkpoint_pages) return;
  const int code = sqlite3_wal_checkpoint_v2(get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) throw sqlite_failure(get(), code);
  *wal_pages_ = 0;
}

bool database::is_read_only() const noexcept { return sqlite3_db_readonly(get(), "main") != 0; }

void database::close::operator()(sqlite3* db) const noexcept { sqlite3_close(db); }

statement::statement(const database& db, std::string_view sql) {
  sqlite3_stmt* compiled = nullptr;
  const int code = sqlite3_prepare_v3(db.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &compiled, nullptr);
  statement_.reset(compiled);
  if (code != SQLITE_OK) throw sqlite_failure(db.get(), code);
}

void statement::finalize::operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }

execution::~execution() { sqlite3_reset(statement_); }

bool execution::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) throw sqlite_failure(sqlite3_db_handle(statement_), code);
  return false;
}

std::int64_t execution::integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }

std::string_view execution::bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  // What is empty has no address, and neither has what there is no memory for.
  if (!data && sqlite3_errcode(sqlite3_db_handle(statement_)) == SQLITE_NOMEM) throw std::bad_alloc();
  return {static_cast<const char*>(data), size};
}

void execution::bind(int parameter, std::string_view text) {
  check(sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void execution::bind(int parameter, blob b) {
  check(sqlite3_bind_blob64(statement_, parameter, b.bytes.data(), b.bytes.size(), SQLITE_STATIC));
}

void execution::bind_integer(int parameter, std::int64_t value) { check(sqlite3_bind_int64(statement_, parameter, value)); }

void execution::check(int code) const {
  if (code != SQLITE_OK) throw sqlite_failure(sqlite3_db_handle(statement_), code);
}

transaction::transaction(database& db) : db_(db) {
  // Memory may have run out for the end of the last one.
  if (!sqlite3_get_autocommit(db.get())) db.run("ROLLBACK");
  db.run("BEGIN IMMEDIATE");
}

transaction::~transaction() {
  // Some failures have rolled it back already.
  if (!sqlite3_get_autocommit(db_.get())) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void transaction::commit() { db_.run("COMMIT"); }

}  // namespace roomcast::store
