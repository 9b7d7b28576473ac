#pragma once

#include "roomcast/log/store.hpp"
#include "roomcast/memory_budget.hpp"
#include "roomcast/options.hpp"
#include "roomcast/room/rate_limit.hpp"
#include "roomcast/room/return_keys.hpp"
#include "roomcast/wire/text_format.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast {

class lane;

/// What all lanes of a chat share. Any thread.
struct common {
  /// Where `s` is null, messages are not stored. Throws `option_error`.
  explicit common(options o, std::unique_ptr<log::store> s = nullptr);

  void log(log_level level, std::string_view line) const {
    if (opts.log) opts.log(level, line);
  }

  const options opts;
  const wire::text_format format;
  memory_budget memory;
  std::unique_ptr<log::store> store;  ///< null where nothing is stored; ends before the lanes' executors do
  std::atomic<std::uint64_t> next_user{0};       ///< for the names user0, user1, …
  std::atomic<std::uint64_t> next_connection;  ///< ids; 0 is nobody
  std::atomic<std::size_t> rooms{0};
  std::atomic<bool> relief_under_way{false};  ///< see `relieve`
  const return_keys keys;

  /// Whether so much waits to be stored that nothing more should be said.
  bool is_overloaded() const noexcept { return store && store->is_overloaded(); }

  /// A name for one life of a room's log, as no other has.
  std::string next_epoch();

  /// Counts one room more; false where there are as many as `options::max_rooms` allows.
  bool take_room() noexcept {
    for (std::size_t now = rooms; now < opts.max_rooms;)
      if (rooms.compare_exchange_weak(now, now + 1)) return true;
    return false;
  }

  /// Takes one handshake of those that `options::handshake_rate` allows; false where there is none left.
  bool take_handshake(std::chrono::steady_clock::time_point now) {
    const std::lock_guard lock{handshakes_mutex_};
    return handshakes_.take(now);
  }

  /// The lanes of a chat. Set before any of them runs.
  std::vector<lane*> lanes;

  /// The lane that orders the messages of room `name`.
  lane& home_of(std::string_view name) const noexcept {
    return *lanes[std::hash<std::string_view>{}(name) % lanes.size()];
  }

 private:
  std::atomic<std::uint64_t> epochs_;
  std::mutex handshakes_mutex_;
  rate_limit handshakes_;
};

}  // namespace roomcast
