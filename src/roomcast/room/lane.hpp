#pragma once

#include "roomcast/error.hpp"
#include "roomcast/room/common.hpp"
#include "roomcast/room/counters.hpp"
#include "roomcast/room/directory.hpp"
#include "roomcast/room/lane_executor.hpp"
#include "roomcast/room/mailbox.hpp"
#include "roomcast/room/member.hpp"
#include "roomcast/room/poller.hpp"
#include "roomcast/room/scratch.hpp"
#include "roomcast/room/timer_wheel.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <typeindex>
#include <unordered_map>
#include <vector>

namespace roomcast {

/// Where a lane's time comes from; tests have a clock of their own.
using time_source = std::function<std::chrono::steady_clock::time_point()>;

class share;

/// One line of work, and all that lives on it: rooms, connections, their deadlines. Everything but `executor`, `shared`,
/// `config` and `post` belongs to the lane itself.
class lane : public std::enable_shared_from_this<lane> {
 public:
  using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, lane_executor>;

  lane(std::shared_ptr<common> shared, asio::any_io_executor inner, lane_threading threading,
       time_source clock = std::chrono::steady_clock::now);

  lane_executor executor() const noexcept { return lane_executor{strand_}; }
  common& shared() const noexcept { return *shared_; }
  const options& config() const noexcept { return shared_->opts; }

  /// Runs `f` here, after what the caller's lane has posted before.
  template <std::invocable Function>
  void post(Function&& f) {
    mailbox_.post(std::forward<Function>(f));
  }
  void post(letter& l) noexcept { mailbox_.post(l); }

  /// The executor runs no more: what other lanes have posted is thrown away.
  void close_mailbox() noexcept { mailbox_.close(); }

  // lane only, from here on

  directory& rooms() noexcept { return rooms_; }
  counters& count() noexcept { return counters_; }
  const counters& count() const noexcept { return counters_; }
  scratch& buffers() noexcept { return scratch_; }
  poller& ready() noexcept { return poller_; }

  /// What a floor above keeps once for a lane: made by the first who asks, and destroyed with the lane.
  template <class T>
  T& local() {
    auto& made = locals_[typeid(T)];
    if (!made) made = std::make_shared<T>(*this);
    return *static_cast<T*>(made.get());
  }

  /// The time, as of the last tick. Without a deadline nothing ticks, and the clock is asked.
  timer_wheel::time_point now() const { return ticking_ ? now_ : clock_(); }

  /// Sets a deadline, and time going.
  void set_deadline(timer_wheel::entry& e, timer_wheel::time_point due);

  /// Sets a deadline that is no reason for time to go on: it is seen to when that is done for another, or by `advance`. What is
  /// only remembered does not keep an application running.
  void set_background_deadline(timer_wheel::entry& e, timer_wheel::time_point due) noexcept { background_.set(e, due); }

  /// Reads the clock, fires what is due, and sees to it that the memory budget is kept.
  void advance();

  /// Something waits in `s` to go on: it will be asked, turn by turn, whether it pays to wait for more.
  void wants_turns(share& s);

  /// More is held than before: the memory budget is seen to soon, once until the clock is read again.
  void mind_memory() {
    if (shared_->memory.exceeded() && !relieved_ && !turn_posted_) post_turn();
  }

  /// Whether the clock is to be read before and after the next fan-out: for one in `counters::fan_out_sample`.
  bool is_fan_out_timed() noexcept { return fan_outs_++ % counters::fan_out_sample == 0; }

  /// The sessions there are: each enrols at its start, and is struck off when its connection ends.
  using session_list = boost::intrusive::list<member, boost::intrusive::constant_time_size<false>>;
  session_list& sessions() noexcept { return sessions_; }

  /// The session of connection `number` ends; false where there is none.
  bool evict(std::uint64_t number, eviction why);

  bool draining() const noexcept { return draining_; }
  void start_draining() noexcept { draining_ = true; }

 private:
  void post_turn();
  void turn();
  void tick();
  void see_to_memory() noexcept;

  const std::shared_ptr<common> shared_;
  const lane_strand strand_;
  const time_source clock_;
  counters counters_;
  std::uint64_t fan_outs_ = 0;
  timer_wheel::time_point now_;
  timer_wheel wheel_;
  timer_wheel background_;
  timer ticks_;
  bool ticking_ = false;
  bool turn_posted_ = false;
  bool draining_ = false;
  bool relieved_ = false;  // since the last tick
  scratch scratch_;
  poller poller_;
  session_list sessions_;
  directory rooms_;
  mailbox mailbox_{*this};
  std::vector<share*> waiting_;  // for turns
  std::unordered_map<std::type_index, std::shared_ptr<void>> locals_;
};

}  // namespace roomcast
