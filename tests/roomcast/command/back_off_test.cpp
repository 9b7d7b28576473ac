#include "roomcast/command/back_off.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace std::chrono_literals;
using roomcast::command::back_off;

TEST_CASE("a wait is at random from the first on, up to a bound that doubles to half a minute") {
  std::chrono::milliseconds longest[8] = {};
  for (unsigned seed = 0; seed < 500; ++seed) {
    back_off b{seed * 7919};
    for (auto& each : longest) each = std::max(each, b.next());
  }
  std::chrono::milliseconds bound = 1s;
  for (const auto each : longest) {
    CHECK(each <= bound);
    CHECK(each > bound / 2);
    bound = std::min<std::chrono::milliseconds>(bound * 2, 30s);
  }
}

TEST_CASE("after a success it begins again") {
  back_off b{1};
  for (int i = 0; i < 10; ++i) b.next();
  b.reset();
  CHECK(b.next() <= 1s);
}
