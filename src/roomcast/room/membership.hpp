#pragma once

#include "roomcast/payload.hpp"
#include "roomcast/room/place.hpp"
#include "roomcast/room/share.hpp"
#include "roomcast/room/task.hpp"

#include <coroutine>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>

namespace roomcast {

class lane;
class room;

/// A name in a room, taken before the connection is accepted. Move-only; gives the name up, and the room if nobody needs
/// it any more. Made on the room's home lane.
class reservation {
 public:
  /// `taken` is the room's, and in the hands of connection `number`.
  reservation(room& r, places::value_type& taken, std::uint64_t number) noexcept : room_(&r), taken_(&taken), number_(number), id_(taken.second.id) {}
  reservation(reservation&& other) noexcept
      : room_(std::exchange(other.room_, nullptr)), taken_(other.taken_), number_(other.number_), id_(other.id_), home_(std::move(other.home_)) {}
  reservation& operator=(reservation&&) = delete;
  ~reservation();

  /// On the room's home lane: the name is free from now on.
  void give_up();

  /// From now on it is another lane's.
  void leave_home(std::shared_ptr<lane> home) noexcept { home_ = std::move(home); }
  bool is_home() const noexcept { return home_ == nullptr; }

  room& where() const noexcept { return *room_; }
  const std::string& name() const noexcept { return taken_->first; }

  /// The id that goes with the name.
  std::uint64_t id() const noexcept { return id_; }

  /// On the room's home lane: the place itself, which is another connection's where somebody has come back for it.
  places::value_type& taken() const noexcept { return *taken_; }
  std::uint64_t number() const noexcept { return number_; }

 private:
  room* room_;
  places::value_type* taken_;
  std::uint64_t number_;
  std::uint64_t id_;
  std::shared_ptr<lane> home_;  // null there
};

/// A member's place in the registry, whatever way its session ends. Move-only. On the member's lane.
class membership {
 public:
  /// Completes when the room's home lane has fixed where in the log `m`, of lane `here`, begins, and `m` has been told; `b` says
  /// so, too. What is missing for that is read from the store before. `w` and `b` outlive it.
  static task<membership> join(lane& here, reservation place, member& m, wish& w, beginning& b);

  membership(membership&& other) noexcept
      : place_(std::move(other.place_)), share_(other.share_), member_(std::exchange(other.member_, nullptr)) {}
  membership& operator=(membership&&) = delete;
  ~membership() {
    if (member_) share_.remove(*member_);
  }

  const std::string& name() const noexcept { return place_.name(); }
  const std::string& room_name() const noexcept { return share_.name(); }

  /// The whole room, which is its home lane's.
  room& whole() const noexcept { return place_.where(); }

  /// Leaves, and then ends the connection with the frame `close`, after everything that was ordered before. The last thing to
  /// be asked of a membership.
  task<> part(std::string_view close);

  class ordering;

  /// Completes when `what` has its place in what the member's lane says to the room: on the room's home lane that is its
  /// place in the room's order. That is at once, without a turn of the executor, unless `share::max_hidden` bytes
  /// are not visible yet. `what` need not outlive the call.
  ordering broadcast(payload what) noexcept;

 private:
  membership(reservation place, share& s, member& m) noexcept : place_(std::move(place)), share_(s), member_(&m) {}

  reservation place_;
  share& share_;
  member* member_;
};

/// What `membership::broadcast` waits for.
class [[nodiscard]] membership::ordering {
 public:
  bool await_ready() const noexcept { return !sender_.share_.is_full(); }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> sender) {
    kept_ = what_.bytes;
    what_.bytes = kept_;
    sender_.share_.wait_for_space(suspended{sender, sender.promise().root});
  }

  void await_resume() {
    const member& m = *sender_.member_;
    sender_.share_.say({.number = m.number(), .id = m.id(), .name = sender_.name()}, what_);
  }

 private:
  friend class membership;
  ordering(membership& sender, payload what) noexcept : sender_(sender), what_(what), kept_(sender.share_.memory()) {}

  membership& sender_;
  payload what_;
  std::pmr::string kept_;
};

inline membership::ordering membership::broadcast(payload what) noexcept { return {*this, what}; }

}  // namespace roomcast
