#pragma once

#include "roomcast/receipt.hpp"
#include "roomcast/room/lane.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace roomcast::server {

/// What has become of messages that came with an Idempotency-Key, so that one that comes again is not said again. Each room's are on
/// its home lane: see `lane::local`. Lane only.
class idempotency {
 public:
  static constexpr std::chrono::minutes lifetime{5};
  static constexpr std::size_t most = 10'000;

  explicit idempotency(lane& home) noexcept : home_(home) {}

  struct under_way {};   ///< the same is being said
  struct other_text {};  ///< something else came with that key
  using ticket = std::uint64_t;

  /// What is known of `key` in `room`; if it is new it is under way from now on, and the ticket is for its `end`.
  std::variant<ticket, receipt, under_way, other_text> begin(std::string_view room, std::string_view key, std::string_view text);

  /// It has been said; or has not, and may be tried again.
  void end(std::string_view room, std::string_view key, ticket t, const std::optional<receipt>& got);

 private:
  using digest = std::array<unsigned char, 32>;

  struct entry {
    std::pmr::string name;
    digest text;
    ticket number;
    timer_wheel::time_point begun;
    std::optional<receipt> got = {};
  };
  using entries = std::pmr::list<entry>;

  void forget_oldest() noexcept;

  lane& home_;
  ticket last_ = 0;
  entries entries_{&home_.shared().memory};  // oldest first
  std::pmr::unordered_map<std::string_view, entries::iterator> by_name_{&home_.shared().memory};  // names are the entries' own
};

}  // namespace roomcast::server
