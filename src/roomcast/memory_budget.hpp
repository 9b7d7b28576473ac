#pragma once

#include <atomic>
#include <cstddef>
#include <memory_resource>

namespace roomcast {

/// What is held for all members together: logs, messages that have come in part, frames that wait. All of it is allocated
/// here, and so counted; nothing is refused: whoever finds the budget exceeded lets go of something. Any thread.
class memory_budget final : public std::pmr::memory_resource {
 public:
  /// `limit` in bytes; 0 for half of the machine's memory.
  explicit memory_budget(std::size_t limit) noexcept;

  std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }
  std::size_t limit() const noexcept { return limit_; }
  bool exceeded() const noexcept { return held() > limit_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  const std::size_t limit_;
  std::atomic<std::size_t> held_{0};
};

}  // namespace roomcast
