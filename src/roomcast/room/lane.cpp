#include "roomcast/room/lane.hpp"

#include "roomcast/room/relief.hpp"
#include "roomcast/room/share.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace roomcast {

lane::lane(std::shared_ptr<common> shared, asio::any_io_executor inner, lane_threading threading, time_source clock)
    : shared_(std::move(shared)),
      strand_(std::move(inner), threading),
      clock_(std::move(clock)),
      now_(clock_()),
      wheel_(now_),
      background_(now_),
      ticks_(executor()),
      scratch_(config().max_message_size),
      poller_(*this),
      rooms_(*this) {}

void lane::set_deadline(timer_wheel::entry& e, timer_wheel::time_point due) {
  wheel_.set(e, due);
  if (ticking_) return;
  now_ = clock_();
  tick();
}

void lane::advance() {
  now_ = clock_();
  wheel_.advance(now_);
  background_.advance(now_);
  relieved_ = false;
  see_to_memory();
}

void lane::tick() {
  ticking_ = !wheel_.empty();
  if (!ticking_) return;
  ticks_.expires_after(timer_wheel::tick);
  ticks_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec) return;
    self->advance();
    self->tick();
  });
}

void lane::wants_turns(share& s) {
  waiting_.push_back(&s);
  if (turn_posted_) return;
  try {
    post_turn();
  } catch (...) {
    waiting_.pop_back();
    throw;
  }
}

bool lane::evict(std::uint64_t number, eviction why) {
  for (member& each : sessions_) {
    if (each.number() != number) continue;
    each.evict(why);
    return true;
  }
  return false;
}

// Beneath the strand, so that what is ready on the executor goes first: within the strand's own queue the turn would come
// at once, and seal batches of one message.
void lane::post_turn() {
  asio::post(strand_.inner(), [self = shared_from_this()] {
    asio::dispatch(self->executor(), [self] { self->turn(); });
  });
  turn_posted_ = true;
}

void lane::turn() {
  turn_posted_ = false;
  // Nothing is added meanwhile: fan-out resumes no session.
  std::erase_if(waiting_, [](share* s) {
    if (s->wants_another_turn() || !s->try_flush()) return false;
    s->unlist();
    return true;
  });
  see_to_memory();
  if (!waiting_.empty()) post_turn();
}

// At most once until the clock is read again, as it looks at everybody.
void lane::see_to_memory() noexcept {
  if (relieved_ || !shared_->memory.exceeded()) return;
  relieved_ = true;
  relieve(*this);
}

}  // namespace roomcast
