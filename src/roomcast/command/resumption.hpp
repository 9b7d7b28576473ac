#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace roomcast::command {

/// How a member of roomcast.v1 comes back for what it missed: what to keep of the frames that it has met, and what to ask for.
/// Frames that are not understood are passed over. One thread.
class resumption {
 public:
  using milliseconds = std::chrono::milliseconds;

  /// A place in a room's log: all up to message `seq` of the log's life `epoch` is known.
  struct point {
    std::uint64_t seq;
    std::string epoch;
  };

  enum class frame_type { welcome, message, goodbye, other };

  /// No wait is longer, whatever the server asks for.
  static constexpr milliseconds longest_wait = std::chrono::hours{1};

  /// Nothing has been met yet; what is after `from` is to be asked for.
  explicit resumption(std::optional<point> from = {}) : reached_(std::move(from)) {}

  /// What kind of frame it is. To be called with each, in order.
  frame_type met(std::string_view frame);

  /// The parameters to connect with, `since=41&epoch=k3f9&key=…`; empty where there is nothing to come back to.
  std::string query() const;

  /// Whether the last welcome says that what was asked for cannot be had.
  bool has_lost() const noexcept { return has_lost_; }

  /// How long the server asked to wait before coming back, if it did since the last welcome. It is told once: it says nothing of
  /// the attempts after the next.
  std::optional<milliseconds> take_retry_after() noexcept { return std::exchange(retry_after_, {}); }

 private:
  std::optional<point> reached_;
  std::string key_;  // to the name and id of the last welcome
  std::optional<milliseconds> retry_after_;
  bool has_lost_ = false;
};

}  // namespace roomcast::command
