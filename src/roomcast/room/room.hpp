#pragma once

#include "roomcast/log/room_log.hpp"
#include "roomcast/payload.hpp"
#include "roomcast/room/lane_executor.hpp"
#include "roomcast/room/registry.hpp"
#include "roomcast/room/task.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace roomcast {

class lane;
class membership;
class reservation;

/// A room on its home lane: who is in it, and the order of what they say. It lives in a `directory`, for as long as
/// somebody holds a place in it or it has something to send. Lane only.
class room {
 public:
  /// Bytes of a batch beyond which it is sent without waiting for more.
  static constexpr std::size_t full_batch = 64 * 1024;

  /// How many turns a batch that keeps growing may wait.
  static constexpr int max_turns = 32;

  /// Bytes that may be ordered and not yet visible; senders wait beyond.
  static constexpr std::size_t max_hidden = 256 * 1024;

  room(lane& home, std::string_view name);

  const std::string& name() const noexcept { return name_; }
  std::size_t size() const noexcept { return registry_.members().size(); }
  const std::vector<member*>& members() const noexcept { return registry_.members(); }

  /// Orders `what` now, whether the room is full or not.
  std::uint64_t order(std::uint64_t sender, std::string_view name, payload what);

  /// The end of the chain of batches that those who lag hold on to; null where nobody does.
  std::shared_ptr<log::link> newest() const noexcept { return registry_.newest(); }

  /// Where what is held for the room is allocated.
  std::pmr::memory_resource* memory() const noexcept;

  /// Whether senders have to wait: see `membership::broadcast`.
  bool is_full() const noexcept { return log_.hidden_bytes() >= max_hidden; }

  /// Resumes `sender` when there is space again.
  void wait_for_space(suspended sender);

  /// Seals what is open and makes it visible.
  void flush();

  /// The same; false where memory ran out and something is left to be made visible.
  bool try_flush() noexcept;

  /// Ends `m`'s connection with the frame `close` after everything that has been ordered.
  void dismiss(member& m, std::string_view close);

  /// Asked once a turn while a batch is open: whether messages still come, so that it pays to wait for more.
  bool wants_another_turn() noexcept;

  /// The lane asks no more: nothing is open. May end the room.
  void unlist();

 private:
  friend class directory;
  friend class membership;
  friend class reservation;

  void give_up_name(const std::string& name);
  void add(member& m);
  void remove(member& m) noexcept;
  bool is_needed() const noexcept { return !names_.empty() || log_.hidden_bytes() != 0 || listed_; }

  lane& home_;
  const std::string name_;
  log::room_log log_;
  registry registry_;
  std::unordered_set<std::string> names_;  // of members and of those who are about to be
  int turns_ = 0;
  bool grew_ = false;    // since the last turn
  bool listed_ = false;  // the lane has it among the rooms with something unsealed
  // Senders wait on it while the room is full. It never expires; it is cancelled when there is space.
  using event = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, lane_executor>;
  std::optional<event> space_;
};

/// A name in a room, taken before the connection is accepted. Move-only; gives the name up, and the room if nobody needs
/// it any more.
class reservation {
 public:
  reservation(room& r, const std::string& name) noexcept : room_(&r), name_(&name) {}
  reservation(reservation&& other) noexcept : room_(std::exchange(other.room_, nullptr)), name_(other.name_) {}
  reservation& operator=(reservation&&) = delete;
  ~reservation() {
    if (room_) room_->give_up_name(*name_);
  }

  room& where() const noexcept { return *room_; }
  const std::string& name() const noexcept { return *name_; }

 private:
  room* room_;
  const std::string* name_;
};

/// A member's place in the registry, whatever way its session ends. Move-only.
class membership {
 public:
  /// Completes when the home lane has fixed where in the log `m` begins, and `m` has been told.
  static task<membership> join(reservation place, member& m);

  membership(membership&& other) noexcept : place_(std::move(other.place_)), member_(std::exchange(other.member_, nullptr)) {}
  membership& operator=(membership&&) = delete;
  ~membership() {
    if (member_) place_.where().remove(*member_);
  }

  const std::string& name() const noexcept { return place_.name(); }
  const room& where() const noexcept { return place_.where(); }

  /// Ends the connection with the frame `close`, after everything that has been ordered.
  void part(std::string_view close) { place_.where().dismiss(*member_, close); }

  class ordering;

  /// Completes when `what` has its place in the room's order, with its sequence number. That is at once, without a turn of
  /// the executor, unless the room holds `room::max_hidden` bytes that are not visible yet. `what` need not outlive the call.
  ordering broadcast(payload what) noexcept;

 private:
  membership(reservation place, member& m) noexcept : place_(std::move(place)), member_(&m) {}

  reservation place_;
  member* member_;
};

/// What `membership::broadcast` waits for.
class [[nodiscard]] membership::ordering {
 public:
  bool await_ready() const noexcept { return !sender_.place_.where().is_full(); }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> sender) {
    kept_ = what_.bytes;
    what_.bytes = kept_;
    sender_.place_.where().wait_for_space(suspended{sender, sender.promise().root});
  }

  std::uint64_t await_resume() { return sender_.place_.where().order(sender_.member_->id(), sender_.name(), what_); }

 private:
  friend class membership;
  ordering(membership& sender, payload what) noexcept : sender_(sender), what_(what), kept_(sender.place_.where().memory()) {}

  membership& sender_;
  payload what_;
  std::pmr::string kept_;
};

inline membership::ordering membership::broadcast(payload what) noexcept { return {*this, what}; }

}  // namespace roomcast
