#pragma once

#include "roomcast/room/timer_wheel.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roomcast {

class room;

/// Tells a room's JSON members who comes and goes: one by one, or, in a room of more than `options::presence_limit`, how many there
/// are, at most once a second: to fill a room one by one costs as many frames as the square of its members. Home lane only.
class presence final : timer_wheel::entry {
 public:
  static constexpr std::chrono::seconds interval{1};

  explicit presence(room& r) noexcept : room_(r) {}

  void joins(std::uint64_t id, std::string_view name) noexcept { changes(+1, id, name); }
  void leaves(std::uint64_t id, std::string_view name) noexcept { changes(-1, id, name); }

  /// How many are there.
  std::size_t count() const noexcept { return count_; }

 private:
  void changes(int by, std::uint64_t id, std::string_view name) noexcept;
  void on_deadline(timer_wheel::time_point now) override;
  void tell_count(timer_wheel::time_point now);

  room& room_;
  std::size_t count_ = 0;
  bool is_due_ = false;   // not before the deadline
  bool changed_ = false;  // since it was told last
};

}  // namespace roomcast
