#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace roomcast::load {

/// What a process has used of the machine.
struct process_usage {
  double cpu_seconds = 0;  ///< in user space and in the kernel, to a hundredth
  std::uint64_t resident_bytes = 0;
};

/// From /proc; nothing where there is no such process.
std::optional<process_usage> usage_of(pid_t process);

/// The CPU time of this process, to a microsecond.
double own_cpu_seconds() noexcept;

}  // namespace roomcast::load
