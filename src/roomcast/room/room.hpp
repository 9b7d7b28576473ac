#pragma once

#include "roomcast/log/history.hpp"
#include "roomcast/log/room_log.hpp"
#include "roomcast/room/directory.hpp"
#include "roomcast/room/place.hpp"
#include "roomcast/room/presence.hpp"
#include "roomcast/room/share.hpp"
#include "roomcast/room/timer_wheel.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast {

class branch;
struct parcel;

/// A room on its home lane: who is in it, the order of what they say, and what it remembers of that. It lives in a `directory`,
/// for as long as somebody holds a place in it, it has something to send, or it remembers something. Lane only.
class room final : public share, public remembering {
 public:
  room(lane& home, std::string_view name);

  lane& home() const noexcept { return here(); }

  /// How many members it has, on all lanes.
  std::size_t size() const noexcept;

  /// Orders `what` now, whether the room is full or not.
  std::uint64_t order(const speaker& who, payload what);

  /// Seals what is open and makes it visible. Returns the position that is visible now.
  std::uint64_t flush();

  /// `m`, on this lane, joins, with `place`.
  beginning join(member& m, reservation& place, const wish& w);

  bool is_full() const noexcept override { return log_.hidden_bytes() >= max_hidden; }
  void say(const speaker& who, payload what) override { order(who, what); }
  void remove(member& m) noexcept override;
  task<std::uint64_t> leave(member& m, reservation& place) override;
  void dismiss(std::size_t most) override;

  /// False where memory ran out and something is left to be made visible. Where a branch still shows what came before, the
  /// branch's answer is waited for: what its members say to that belongs into the same batch.
  bool try_flush() noexcept override;

  // what it remembers

  /// The bytes that it takes up.
  std::uint64_t remembered() const noexcept { return history_.weight(); }

  /// Forgets the oldest of it, where there is something, or all. May end the room.
  void forget_oldest();
  void forget_all();

  /// Whether it is there for more than what it remembers.
  bool is_in_use() const noexcept;

  /// Tells JSON members what is no message: `write` appends the frame to a string. Nothing where there are none.
  template <class Write>
  void notify(Write write) {
    if (readers_[static_cast<std::size_t>(wire::encoding::json)] == 0) return;
    if (!held_) list();
    log_.append_notice(write);
    grew();
  }

  // for members that ask

  /// A frame, and the position of the log that it goes with.
  struct answer {
    std::string frame;
    std::uint64_t position;
  };

  /// Who is there: `options::presence_limit` of them at the most, and how many they are.
  answer list_members(const std::optional<std::string>& ref) const;

  /// Up to `limit` messages before message `before`.
  answer list_history(const std::optional<std::string>& ref, std::uint64_t before, std::size_t limit);

  // for branches

  /// A member with `place` joins on `b`'s lane. What becomes visible afterwards is shown to `b`.
  beginning join(branch& b, reservation& place, const wish& w);
  void leave(branch& b, wire::encoding form) noexcept;

  /// What `b`'s members have said.
  void take(branch& b, const parcel& p);

  /// `b` is no more.
  void cut_off(branch& b) noexcept;

 private:
  friend class directory;
  friend class reservation;

  // What the room knows of a branch.
  struct remote {
    branch* where;
    std::size_t members = 0;
    std::size_t unanswered = 0;  // batches that it has not shown yet
    std::size_t taken = 0;       // from it and not visible yet, by `parcel::size_of`
    std::uint64_t shown_to = 0;  // position of the end of the last batch that was sent to it
  };

  // Forgets what is too old.
  struct ageing final : timer_wheel::entry {
    explicit ageing(room& r) noexcept : whole(r) {}
    void on_deadline(timer_wheel::time_point now) override {
      whole.forget_until(now);
      if (!whole.is_needed()) whole.forget();
    }
    room& whole;
  };

  remote& of(branch& b);
  void show(remote& r, const std::shared_ptr<const log::batch>& next);
  bool must_wait() const noexcept;
  void go_on() noexcept;

  beginning admit(reservation& place, const wish& w);
  void reader_left(wire::encoding form) noexcept;
  void give_up(places::value_type& taken, std::uint64_t number) noexcept;

  void remember(const std::shared_ptr<const log::batch>& newest);
  void forget_until(timer_wheel::time_point now);
  template <class Change>
  void change_history(Change change);

  std::size_t waiting() const noexcept override { return log_.open_bytes(); }
  bool is_needed() const noexcept override;
  void forget() override;

  const std::string epoch_;
  log::room_log log_;
  log::history history_;
  ageing ageing_{*this};
  bool is_ageing_ = false;
  places places_;
  presence presence_{*this};
  std::array<std::size_t, wire::encodings> readers_{};  // members that are written to so
  std::vector<remote> remotes_;
  bool held_ = false;  // a flush waits for an answer
};

}  // namespace roomcast
