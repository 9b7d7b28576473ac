#pragma once

#include <cstdint>

namespace roomcast::server {

/// What this process takes of the machine.
struct process_usage {
  double cpu_seconds = 0;
  double start_time = 0;  ///< seconds since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0;
};

process_usage own_usage();

}  // namespace roomcast::server
