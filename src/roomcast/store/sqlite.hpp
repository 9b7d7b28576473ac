#pragma once

#include "roomcast/error.hpp"

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace roomcast::store {

/// What SQLite could not do. Its text is SQLite's, with the system's reason where that has one.
class sqlite_failure : public std::runtime_error {
 public:
  /// The last one of `db`, which has just returned `code`; `db` may be null.
  sqlite_failure(sqlite3* db, int code);

  /// What it comes to for one who wanted something stored.
  error_code reason() const noexcept;

  /// The file is no database, or a damaged one.
  bool is_damage() const noexcept;

  /// The file is another connection's.
  bool is_busy() const noexcept;

 private:
  sqlite_failure(sqlite3* db, int code, int system_error);

  int code_;
  int system_error_;
};

/// A connection to a database. One thread at a time.
class database {
 public:
  /// Opens `file`, or creates it. Until `keep` is called, the files stay as they are when the connection ends.
  explicit database(const std::filesystem::path& file);

  /// From now on, what is in the write-ahead log is brought into the file at the end.
  void keep();

  /// Runs one or more statements, without their results.
  void run(const char* sql);

  /// Whether a transaction that is committed from now on is on the disk by then; otherwise it is when the next one is.
  void sync_commits(bool does);

  /// Brings what is in the write-ahead log into the file, where it has become much. Nothing else does while it is open.
  void checkpoint();

  bool is_read_only() const noexcept;

  sqlite3* get() const noexcept { return db_.get(); }

 private:
  struct close {
    void operator()(sqlite3* db) const noexcept;
  };

  std::unique_ptr<int> wal_pages_ = std::make_unique<int>(0);  // in the write-ahead log, as of the last commit
  std::unique_ptr<sqlite3, close> db_;
  bool syncs_ = false;
};

/// A compiled statement, which must end before its connection.
class statement {
 public:
  statement(const database& db, std::string_view sql);

  sqlite3_stmt* get() const noexcept { return statement_.get(); }

 private:
  struct finalize {
    void operator()(sqlite3_stmt* s) const noexcept;
  };

  std::unique_ptr<sqlite3_stmt, finalize> statement_;
};

/// A value that is bytes, and no text.
struct blob {
  std::string_view bytes;
};

/// One execution of a statement; one at a time. Values of text have to stay where they are meanwhile; a null view is NULL.
class execution {
 public:
  template <class... Values>
  explicit execution(statement& s, const Values&... values) : statement_(s.get()) {
    int parameter = 0;
    (bind(++parameter, values), ...);
  }
  execution(const execution&) = delete;
  execution& operator=(const execution&) = delete;
  ~execution();

  /// Goes to the next row; returns whether there is one.
  bool next();

  /// Goes to the end; for what has no rows.
  void finish() {
    while (next()) {}
  }

  /// Values of the row, which last until the next one.
  std::int64_t integer(int column) const noexcept;
  std::uint64_t count(int column) const noexcept { return static_cast<std::uint64_t>(integer(column)); }
  std::string_view bytes(int column) const;

 private:
  template <std::integral T>
  void bind(int parameter, T value) {
    bind_integer(parameter, static_cast<std::int64_t>(value));
  }
  void bind(int parameter, std::string_view text);
  void bind(int parameter, blob b);
  void bind_integer(int parameter, std::int64_t value);
  void check(int code) const;

  sqlite3_stmt* statement_;
};

/// Everything until `commit`, or nothing.
class transaction {
 public:
  explicit transaction(database& db);
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();

  void commit();

 private:
  database& db_;
};

}  // namespace roomcast::store
