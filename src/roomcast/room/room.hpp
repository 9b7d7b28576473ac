#pragma once

#include "roomcast/error.hpp"
#include "roomcast/log/history.hpp"
#include "roomcast/log/room_log.hpp"
#include "roomcast/log/store.hpp"
#include "roomcast/room/directory.hpp"
#include "roomcast/room/mailbox.hpp"
#include "roomcast/room/place.hpp"
#include "roomcast/room/presence.hpp"
#include "roomcast/room/share.hpp"
#include "roomcast/room/timer_wheel.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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

  /// Whether its messages are stored. Any thread.
  bool is_stored() const noexcept;

  /// How many members it has, on all lanes.
  std::size_t size() const noexcept;

  /// Orders `what` now, whether the room is full or not.
  std::uint64_t order(const speaker& who, payload what);

  /// Seals what is open, and makes visible what may be: where messages are stored, the rest follows when it is. Returns the
  /// position at its end.
  std::uint64_t flush();

  bool has_shown(std::uint64_t position) const noexcept override { return log_.visible_end() >= position; }

  /// Calls `then` when all that has been ordered by now is visible, with why the last message of it is lost, where it is: at once
  /// where nothing waits.
  void when_visible(std::function<void(error_code)> then);

  /// `m`, on this lane, joins, with `place`, unless something is missing.
  std::variant<beginning, missing> join(member& m, reservation& place, const wish& w);

  bool is_full() const noexcept override { return log_.hidden_bytes() >= max_hidden; }
  void say(const speaker& who, payload what) override { order(who, what); }
  void remove(member& m) noexcept override;
  task<std::uint64_t> leave(member& m, reservation& place) override;
  void dismiss(std::size_t most) override;

  /// False where memory ran out and something is left to be made visible. Where a branch still shows what came before, or it is
  /// being stored, that is waited for: what is said meanwhile belongs into the same batch.
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

  /// What one answer holds of the history at the most, before anything is escaped: bytes, and then one message more.
  static constexpr std::size_t enough_history = 256 * 1024;

  /// A frame, and the position of the log that it goes with.
  struct answer {
    std::string frame;
    std::uint64_t position;
  };

  /// Who is there: `options::presence_limit` of them at the most, and how many they are.
  answer list_members(const std::optional<std::string>& ref) const;

  /// Up to `limit` messages before message `before`, of those in memory.
  answer list_history(const std::optional<std::string>& ref, std::uint64_t before, std::size_t limit);

  /// Where the visible part of the log ends.
  struct standing {
    std::uint64_t seq, position;
  };
  standing visible() const noexcept { return {log_.visible_seq(), log_.visible_end()}; }

  // for those who are no members

  struct person {
    std::uint64_t id;
    std::string name;
  };

  /// `options::presence_limit` of the members at the most, …
  std::vector<person> people() const;

  /// … of so many.
  std::size_t population() const noexcept { return presence_.count(); }

  /// Of what is in memory, as a store reads.
  log::store::excerpt excerpt(const log::store::range& which);

  // for branches

  /// A member with `place` joins on `b`'s lane, unless something is missing. What becomes visible afterwards is shown to `b`.
  std::variant<beginning, missing> join(branch& b, reservation& place, const wish& w);
  void leave(branch& b, wire::encoding form) noexcept;

  /// What `dismiss` does to members here, to `b`'s.
  void dismiss(branch& b, std::size_t most);

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

  // What the store says of a batch; one for each that is being stored.
  struct verdict final : letter {
    explicit verdict(room& r) noexcept : whole(r) {}
    void open() override { whole.settle(); }
    void discard() noexcept override {}
    room& whole;
    error_code failure;
  };

  struct awaiting {
    std::uint64_t position;
    std::function<void(error_code)> then;
  };

  void store_sealed();
  void settle() noexcept;
  void show_settled();

  bool is_remote(const branch& b) const noexcept;
  remote& of(branch& b);
  void show(remote& r, const std::shared_ptr<const log::batch>& next);
  bool must_wait() const noexcept;
  void go_on() noexcept;

  std::optional<missing> find_missing(const wish& w) const;
  bool is_of_this_epoch(const wish& w) const noexcept;
  bool can_resume(const wish& w) const noexcept;
  log::replay replay_of(const wish& w);
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

  log::room_log log_;
  log::history history_;
  ageing ageing_{*this};
  bool is_ageing_ = false;
  places places_;
  presence presence_{*this};
  std::array<std::size_t, wire::encodings> readers_{};  // members that are written to so
  std::vector<remote> remotes_;
  std::list<verdict> verdicts_;  // that are waited for
  std::deque<awaiting> awaiting_;  // in the order of their positions
  std::string epoch_;
  bool held_ = false;  // a flush waits for an answer
};

}  // namespace roomcast
