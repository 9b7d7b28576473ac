#pragma once

#include "roomcast/payload.hpp"
#include "roomcast/room/lane_executor.hpp"
#include "roomcast/room/registry.hpp"
#include "roomcast/room/speaker.hpp"
#include "roomcast/room/task.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast {

class lane;
class reservation;

/// A lane's share of a room: its members there, and their way to the room's order. On the home lane that is the room itself,
/// elsewhere a branch. Lane only.
class share {
 public:
  /// Bytes that go on without waiting for more.
  static constexpr std::size_t full_batch = 64 * 1024;

  /// How many turns bytes that keep growing may wait.
  static constexpr int max_turns = 32;

  /// Bytes that may be on their way and not visible yet; senders wait beyond.
  static constexpr std::size_t max_hidden = 256 * 1024;

  share(lane& here, std::string_view name);
  share(const share&) = delete;
  share& operator=(const share&) = delete;
  virtual ~share() = default;

  const std::string& name() const noexcept { return name_; }

  /// The members on this lane.
  const std::vector<member*>& members() const noexcept { return registry_.members(); }

  /// The end of the chain of batches that those who lag hold on to; null where nobody does.
  std::shared_ptr<log::link> newest() const noexcept { return registry_.newest(); }

  /// Where what is held for the members is allocated.
  std::pmr::memory_resource* memory() const noexcept;

  /// Whether senders have to wait: see `membership::broadcast`.
  virtual bool is_full() const noexcept = 0;

  /// Passes on what a member says, whether the share is full or not; what one member says keeps its order.
  virtual void say(const speaker& who, payload what) = 0;

  /// Resumes `sender` when there is space again.
  void wait_for_space(suspended sender);

  /// Whether its members have been given all of the log before `position`.
  virtual bool has_shown(std::uint64_t position) const noexcept = 0;

  class showing;

  /// Completes when they have.
  showing shown_until(std::uint64_t position) noexcept;

  /// `m` is no member any more.
  virtual void remove(member& m) noexcept;

  /// Completes when `m`, whose place is `place`, is no member any more, with the position that it is still to be sent: the end
  /// of all that was ordered while it was one.
  virtual task<std::uint64_t> leave(member& m, reservation& place) = 0;

  /// Ends up to `most` members' connections, soon, as the server stops, each after everything that has been ordered by then.
  virtual void dismiss(std::size_t most) = 0;

  // Of the lane, which asks once a turn while something waits to go on:

  /// Whether more still comes, so that it pays to wait.
  bool wants_another_turn() noexcept;

  /// Sends it on; false where memory ran out and something is left.
  virtual bool try_flush() noexcept = 0;

  /// The lane asks no more. May end the share.
  void unlist();

 protected:
  lane& here() const noexcept { return lane_; }

  void add(member& m, const beginning& b);
  void dismiss(std::size_t most, std::uint64_t flush_to);

  /// Asks the lane for turns, until it is unlisted.
  void list();
  bool is_listed() const noexcept { return listed_; }
  void grew() noexcept { grew_ = true; }

  /// Something has become visible.
  void has_progressed() noexcept;

  /// Shows `newest`, which has become visible, to the members.
  void fan_out(const std::shared_ptr<log::link>& newest) noexcept;

  registry registry_;

 private:
  void wait_until_shown(std::uint64_t position, suspended who);

  /// Bytes that wait to go on.
  virtual std::size_t waiting() const noexcept = 0;

  virtual bool is_needed() const noexcept = 0;
  virtual void forget() = 0;

  lane& lane_;
  const std::string name_;
  int turns_ = 0;
  bool grew_ = false;    // since the last turn
  bool listed_ = false;  // by the lane
  // Senders wait on it while the share is full, and those who leave for the rest. It never expires; it is cancelled when something
  // has become visible.
  using event = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, lane_executor>;
  event& progress();
  std::optional<event> progress_;
};

/// What `share::shown_until` waits for.
class [[nodiscard]] share::showing {
 public:
  bool await_ready() const noexcept { return share_.has_shown(position_); }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> who) {
    share_.wait_until_shown(position_, suspended{who, who.promise().root});
  }

  void await_resume() const noexcept {}

 private:
  friend class share;
  showing(share& s, std::uint64_t position) noexcept : share_(s), position_(position) {}

  share& share_;
  std::uint64_t position_;
};

inline share::showing share::shown_until(std::uint64_t position) noexcept { return {*this, position}; }

}  // namespace roomcast
