#include "disk.hpp"

#include <sqlite3.h>

#include <atomic>
#include <deque>
#include <mutex>

namespace roomcast::test {
namespace {

std::atomic<int> write_answer{SQLITE_OK};
std::atomic<int> sync_answer{SQLITE_OK};
std::atomic<unsigned> write_count{0};
std::atomic<unsigned> sync_count{0};
std::filesystem::path synced_copies;

sqlite3_vfs real;
sqlite3_vfs between;

// The methods of one open file: its own, but for two.
struct methods : sqlite3_io_methods {
  const sqlite3_io_methods* own;
  std::filesystem::path file;
};
std::mutex mutex;
std::deque<methods> of_files;

const methods& methods_of(sqlite3_file* file) { return *static_cast<const methods*>(file->pMethods); }

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  ++write_count;
  const int answer = write_answer;
  return answer == SQLITE_OK ? methods_of(file).own->xWrite(file, bytes, size, at) : answer;
}

int sync(sqlite3_file* file, int flags) {
  ++sync_count;
  if (const int answer = sync_answer; answer != SQLITE_OK) return answer;
  const auto& m = methods_of(file);
  if (!synced_copies.empty() && exists(m.file))
    copy_file(m.file, synced_copies / m.file.filename(), std::filesystem::copy_options::overwrite_existing);
  return m.own->xSync(file, flags);
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  if (!synced_copies.empty()) std::filesystem::remove(synced_copies / std::filesystem::path{name}.filename());
  return real.xDelete(vfs, name, sync_directory);
}

int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* flags_out) {
  const int code = real.xOpen(vfs, name, file, flags, flags_out);
  if (code != SQLITE_OK || !file->pMethods) return code;
  const std::lock_guard lock{mutex};
  auto& m = of_files.emplace_back(methods{*file->pMethods, file->pMethods, name ? name : ""});
  m.xWrite = write;
  m.xSync = sync;
  file->pMethods = &m;
  return code;
}

}  // namespace

disk::disk(std::filesystem::path synced) {
  synced_copies = std::move(synced);
  real = *sqlite3_vfs_find(nullptr);
  between = real;
  between.zName = "between";
  between.xOpen = open;
  between.xDelete = remove;
  sqlite3_vfs_register(&between, 1);
}

disk::~disk() {
  sqlite3_vfs_unregister(&between);
  write_answer = SQLITE_OK;
  sync_answer = SQLITE_OK;
  of_files.clear();
}

void disk::answer_writes(int code) noexcept { write_answer = code; }

void disk::answer_syncs(int code) noexcept { sync_answer = code; }

unsigned disk::writes() noexcept { return write_count; }

unsigned disk::syncs() noexcept { return sync_count; }

}  // namespace roomcast::test
