#pragma once

#include "roomcast/log/store.hpp"
#include "roomcast/store/data_file.hpp"
#include "roomcast/store/retention.hpp"
#include "roomcast/store/room_index.hpp"
#include "roomcast/store/sqlite.hpp"
#include "roomcast/store/tables.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace roomcast::store {

struct sqlite_options {
  /// The newest so many messages of each room are kept; 0 for all.
  std::uint64_t retain_messages = 0;

  /// Messages are kept for so long; 0 for ever.
  std::chrono::seconds retain_age{0};

  /// Senders should be refused while batches that take up so much memory wait for the disk.
  std::size_t max_queue_bytes = std::size_t{64} << 20;
};

/// Messages in an SQLite file. One thread has the only connection: it writes all batches that wait in one transaction, which is
/// on the disk when it is committed, and reads in between.
class sqlite_store final : public log::store {
 public:
  /// Opens `file`, as `open_data_file` does. `log` is called here and on the store's thread, and must not throw.
  sqlite_store(std::filesystem::path file, const sqlite_options& o, log_function log);
  ~sqlite_store() override;

  standing open(std::string_view room) override;
  void append(std::string_view room, std::shared_ptr<const log::batch> b, stored done) override;
  void read(std::string_view room, const range& r, found done) override;
  bool is_overloaded() const noexcept override { return waiting_bytes_.load(std::memory_order_relaxed) >= max_queue_bytes_; }
  std::uint64_t last_sender() const noexcept override { return last_sender_.load(std::memory_order_relaxed); }

 private:
  struct waiting_batch {
    stored_room* room;
    std::shared_ptr<const log::batch> batch;
    stored done;
    std::size_t bytes;
  };
  using batches = std::list<waiting_batch>;

  struct waiting_reader {
    const stored_room* room;  // null: nothing is stored
    range which;
    found done;
  };
  using readers = std::list<waiting_reader>;

  void load(database& db);

  // the writer
  void work() noexcept;
  bool wait_for_work();
  void serve_readers();
  void serve(waiting_reader& r);
  std::uint64_t write_next();
  batches take_batches();
  error_code commit(const batches& all);
  std::uint64_t insert(const batches& all);
  void take_those_behind(batches& failed);
  void checkpoint() noexcept;
  void trim(std::uint64_t just_added) noexcept;
  error_code complain(std::string_view of_what, const std::exception& failure) noexcept;

  const std::filesystem::path file_;
  const log_function log_;
  const std::size_t max_queue_bytes_;
  std::atomic<std::size_t> waiting_bytes_{0};
  std::atomic<std::uint64_t> last_sender_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  // under the mutex
  room_index rooms_;
  batches batches_;
  readers readers_;
  bool is_ending_ = false;

  // the writer's
  database db_;
  tables tables_;
  retention retention_;
  bool is_damaged_ = false;
  std::chrono::steady_clock::time_point next_complaint_{};

  std::thread writer_;
};

}  // namespace roomcast::store
