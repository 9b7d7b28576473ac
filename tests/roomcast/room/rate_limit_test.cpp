#include "roomcast/room/rate_limit.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using roomcast::rate_limit;

namespace {

const rate_limit::time_point start{1000s};

int take_all(rate_limit& limit, rate_limit::time_point now) {
  int taken = 0;
  while (taken < 1000 && limit.take(now)) ++taken;
  return taken;
}

}  // namespace

TEST_CASE("a burst of one second's worth is let through, then as many as time brings") {
  rate_limit limit{50, start};
  CHECK(take_all(limit, start) == 50);
  CHECK(take_all(limit, start + 100ms) == 5);
  CHECK(take_all(limit, start + 1h) == 50);
}

TEST_CASE("one whose clock was read before another's takes as many as are left") {
  rate_limit limit{50, start};
  for (int i = 0; i < 25; ++i) CHECK(limit.take(start + 100ms));
  CHECK(take_all(limit, start) == 25);
  CHECK(take_all(limit, start + 200ms) == 5);
}

TEST_CASE("no limit is no limit") {
  rate_limit limit{0, start};
  CHECK(take_all(limit, start) == 1000);
}
