#include "roomcast/server/process.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace roomcast::server {
namespace {

const auto started = std::chrono::system_clock::now();

double seconds(const timeval& t) noexcept { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }

// Linux tells how many there are since 6.2; before, they have to be looked at one by one.
std::uint64_t open_descriptors() {
  struct stat directory {};
  if (::stat("/proc/self/fd", &directory) == 0 && directory.st_size > 0) return static_cast<std::uint64_t>(directory.st_size);
  std::error_code ec;
  const std::filesystem::directory_iterator all{"/proc/self/fd", ec};
  return static_cast<std::uint64_t>(std::distance(begin(all), end(all)));
}

std::uint64_t resident_bytes() {
  std::uint64_t size = 0, resident = 0;  // proc(5): in pages
  std::ifstream{"/proc/self/statm"} >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

process_usage own_usage() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  return {.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime),
          .start_time = std::chrono::duration<double>(started.time_since_epoch()).count(),
          .resident_bytes = resident_bytes(),
          .open_descriptors = open_descriptors(),
          .max_descriptors = descriptors.rlim_cur};
}

}  // namespace roomcast::server
