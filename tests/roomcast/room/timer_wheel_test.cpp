#include "roomcast/room/timer_wheel.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using roomcast::timer_wheel;

namespace {

struct bell final : timer_wheel::entry {
  explicit bell(std::function<void(timer_wheel::time_point)> f = {}) : then(std::move(f)) {}
  void on_deadline(timer_wheel::time_point now) override {
    ++fired;
    at = now;
    if (then) then(now);
  }
  std::function<void(timer_wheel::time_point)> then;
  int fired = 0;
  timer_wheel::time_point at{};
};

const timer_wheel::time_point start{1000s};

}  // namespace

TEST_CASE("a deadline fires once, not before it and at most two ticks after") {
  timer_wheel wheel{start};
  bell a;
  wheel.set(a, start + 120ms);
  for (auto now = start; now <= start + 1s; now += 10ms) {
    wheel.advance(now);
    if (now <= start + 120ms) CHECK(a.fired == 0);
  }
  CHECK(a.fired == 1);
  CHECK(a.at <= start + 120ms + 2 * timer_wheel::tick);
  CHECK(wheel.empty());
}

TEST_CASE("a deadline beyond a turn of the wheel is kept for its turn") {
  timer_wheel wheel{start};
  bell a;
  wheel.set(a, start + 10min);
  for (auto now = start; now < start + 10min; now += 50ms) wheel.advance(now);
  CHECK(a.fired == 0);
  wheel.advance(start + 10min + 100ms);
  CHECK(a.fired == 1);
}

TEST_CASE("time that jumps fires everything that is due") {
  timer_wheel wheel{start};
  bell soon, late, later;
  wheel.set(soon, start + 1s);
  wheel.set(late, start + 70s);
  wheel.set(later, start + 2h);
  wheel.advance(start + 1h);
  CHECK(soon.fired == 1);
  CHECK(late.fired == 1);
  CHECK(later.fired == 0);
}

TEST_CASE("a deadline can be moved and cancelled, and goes with its owner") {
  timer_wheel wheel{start};
  bell moved, cancelled;
  auto gone = std::make_unique<bell>();
  wheel.set(moved, start + 1s);
  wheel.set(moved, start + 3s);
  wheel.set(cancelled, start + 1s);
  wheel.set(*gone, start + 1s);
  cancelled.cancel();
  gone.reset();
  wheel.advance(start + 2s);
  CHECK(moved.fired == 0);
  CHECK(cancelled.fired == 0);
  wheel.advance(start + 4s);
  CHECK(moved.fired == 1);
  CHECK(wheel.empty());
}

TEST_CASE("what fires may set itself again, and end others that are due with it") {
  timer_wheel wheel{start};
  auto victim = std::make_unique<bell>();
  bell again{[&](auto now) {
    victim.reset();
    if (again.fired < 3) wheel.set(again, now);
  }};
  wheel.set(again, start + 1s);
  wheel.set(*victim, start + 1s);
  for (auto now = start; now <= start + 2s; now += 50ms) wheel.advance(now);
  CHECK(again.fired == 3);
}

TEST_CASE("a deadline that has passed already fires with the next tick") {
  timer_wheel wheel{start};
  bell a;
  wheel.set(a, start - 1min);
  wheel.advance(start + timer_wheel::tick);
  CHECK(a.fired == 1);
}

TEST_CASE("thousands of deadlines at random, moved at random, fire each once and in time") {
  std::mt19937 random{20261123};
  const auto within = [&](int ms) { return std::chrono::milliseconds{std::uniform_int_distribution{0, ms}(random)}; };
  timer_wheel wheel{start};
  std::vector<std::unique_ptr<bell>> bells;
  std::vector<timer_wheel::time_point> due;
  for (int i = 0; i < 3000; ++i) {
    bells.push_back(std::make_unique<bell>());
    wheel.set(*bells.back(), start + within(1000));
    due.push_back(start + within(100'000));
    wheel.set(*bells.back(), due.back());
  }
  for (auto now = start; now <= start + 101s; now += within(200)) wheel.advance(now);
  wheel.advance(start + 102s);
  for (std::size_t i = 0; i < bells.size(); ++i) {
    CHECK(bells[i]->fired == 1);
    CHECK(bells[i]->at >= due[i]);
    CHECK(bells[i]->at <= due[i] + 300ms + 2 * timer_wheel::tick);
  }
}
