#include "roomcast/memory_budget.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <new>

namespace roomcast {
namespace {

// The machine's, or the container's where that is less.
std::size_t available_memory() noexcept {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  std::size_t bytes = pages > 0 && page > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page) : std::size_t{1} << 30;
  for (const char* const file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream limit{file};
    std::size_t value = 0;
    if (limit >> value) bytes = std::min(bytes, value);  // "max" is no number
  }
  return bytes;
}

}  // namespace

memory_budget::memory_budget(std::size_t limit) noexcept : limit_(limit != 0 ? limit : available_memory() / 2) {}

void* memory_budget::do_allocate(std::size_t bytes, std::size_t alignment) {
  void* const p = alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__ ? ::operator new(bytes, std::align_val_t{alignment}) : ::operator new(bytes);
  held_.fetch_add(bytes, std::memory_order_relaxed);
  return p;
}

void memory_budget::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) {
  held_.fetch_sub(bytes, std::memory_order_relaxed);
  if (alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__)
    ::operator delete(p, std::align_val_t{alignment});
  else
    ::operator delete(p);
}

}  // namespace roomcast
