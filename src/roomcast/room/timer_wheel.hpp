#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace roomcast {

/// Coarse deadlines by the thousand: setting, moving and cancelling one costs a few pointers, and time passing costs what
/// is due. A deadline fires in the tick after it, never before it. No clock and no thread of its own.
class timer_wheel {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds tick{50};

  /// Something with a deadline, at most one at a time. Leaves its wheel when it is destroyed.
  class entry {
   public:
    entry() noexcept = default;
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

    void cancel() noexcept;

   protected:
    ~entry() { cancel(); }

    /// The deadline has passed, and is no longer set. May set it again, or anything else.
    virtual void on_deadline(time_point now) = 0;

   private:
    friend class timer_wheel;
    void insert_before(entry& head) noexcept;

    entry* previous_ = nullptr;
    entry* next_ = nullptr;
    timer_wheel* wheel_ = nullptr;
    time_point due_{};
  };

  explicit timer_wheel(time_point now) noexcept;
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  /// Sets, or moves, `e`'s deadline.
  void set(entry& e, time_point due) noexcept;

  /// Fires what is due at `now`.
  void advance(time_point now);

  bool empty() const noexcept { return size_ == 0; }

 private:
  struct sentinel final : entry {
    sentinel() noexcept { reset(); }
    void reset() noexcept;
    bool is_empty() const noexcept;
    void take_all(sentinel& from) noexcept;
    entry& front() noexcept;
    void on_deadline(time_point) override {}
  };

  static constexpr std::size_t slots = 1024;  // 51 s; what lies beyond is looked at once a turn

  static std::uint64_t ticks(time_point t) noexcept;
  void insert(entry& e) noexcept;

  std::array<sentinel, slots> wheel_;
  std::uint64_t now_;  // in ticks; slots up to it have been fired
  std::size_t size_ = 0;
};

}  // namespace roomcast
