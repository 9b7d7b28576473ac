#include "roomcast/drain.hpp"

#include "roomcast/room/share.hpp"

#include <algorithm>
#include <utility>

namespace roomcast {
namespace {

// A thousand members a second, or as fast as half of the deadline demands.
constexpr std::size_t members_per_tick = 50;

constexpr std::chrono::milliseconds longest = std::chrono::hours{24 * 365};

}  // namespace

drain::drain(lane& l, std::chrono::milliseconds deadline, std::function<void()> done)
    : lane_(l),
      deadline_(lane_.now() + std::clamp(deadline, std::chrono::milliseconds{0}, longest)),
      done_(std::move(done)) {}

void drain::begin() {
  lane_.start_draining();
  const auto ticks = static_cast<std::size_t>((deadline_ - lane_.now()) / 2 / timer_wheel::tick) + 1;
  const std::size_t members = lane_.count().members;
  each_step_ = std::max(members_per_tick, (members + ticks - 1) / ticks);
  step(lane_.now());
}

void drain::on_deadline(timer_wheel::time_point now) { step(now); }

void drain::step(timer_wheel::time_point now) {
  lane_.rooms().forget_all();  // nobody will ask
  if (lane_.count().sessions == 0 || dropped_) return std::exchange(done_, nullptr)();  // which may hold work of an executor's
  if (now >= deadline_) {
    dropped_ = true;
    for (member& each : lane_.sessions()) each.drop();
  } else {
    std::size_t left = each_step_;
    for (share* s : lane_.rooms().all()) {
      const std::size_t some = std::min(left, s->members().size());
      if (some != 0) s->dismiss(some);
      left -= some;
    }
  }
  lane_.set_deadline(*this, now);
}

}  // namespace roomcast
