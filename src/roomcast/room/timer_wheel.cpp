#include "roomcast/room/timer_wheel.hpp"

#include <algorithm>
#include <utility>

namespace roomcast {

void timer_wheel::entry::cancel() noexcept {
  if (!wheel_) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  --std::exchange(wheel_, nullptr)->size_;
}

void timer_wheel::entry::insert_before(entry& head) noexcept {
  previous_ = head.previous_;
  next_ = &head;
  previous_->next_ = this;
  head.previous_ = this;
}

void timer_wheel::sentinel::reset() noexcept { previous_ = next_ = this; }

bool timer_wheel::sentinel::is_empty() const noexcept { return next_ == this; }

timer_wheel::entry& timer_wheel::sentinel::front() noexcept { return *next_; }

void timer_wheel::sentinel::take_all(sentinel& from) noexcept {
  if (from.is_empty()) return;
  next_ = from.next_;
  previous_ = from.previous_;
  next_->previous_ = previous_->next_ = this;
  from.reset();
}

timer_wheel::timer_wheel(time_point now) noexcept : now_(ticks(now)) {}

std::uint64_t timer_wheel::ticks(time_point t) noexcept {
  return static_cast<std::uint64_t>(t.time_since_epoch() / tick);
}

void timer_wheel::insert(entry& e) noexcept {
  // The tick after the deadline's, so that it never fires early; one that has passed fires with the next advance.
  const std::uint64_t at = std::max(ticks(e.due_) + 1, now_ + 1);
  e.insert_before(wheel_[at % slots]);
}

void timer_wheel::set(entry& e, time_point due) noexcept {
  e.cancel();
  e.due_ = due;
  e.wheel_ = this;
  ++size_;
  insert(e);
}

void timer_wheel::advance(time_point now) {
  const std::uint64_t last = ticks(now);
  if (last <= now_) return;
  const std::uint64_t first = std::max(now_ + 1, last - std::min<std::uint64_t>(last, slots - 1));
  now_ = last;  // what is set from now on goes to later slots
  for (std::uint64_t at = first; at <= last; ++at) {
    sentinel due;
    due.take_all(wheel_[at % slots]);
    while (!due.is_empty()) {
      entry& e = due.front();
      if (ticks(e.due_) >= last) {  // of a later turn of the wheel
        const auto when = e.due_;
        set(e, when);
      } else {
        e.cancel();
        e.on_deadline(now);
      }
    }
  }
}

}  // namespace roomcast
