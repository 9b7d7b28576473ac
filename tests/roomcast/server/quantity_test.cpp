#include "roomcast/server/quantity.hpp"

#include <doctest/doctest.h>

using namespace roomcast::server;
using namespace std::chrono_literals;

TEST_CASE("a duration needs a unit") {
  CHECK(parse_duration("200ms") == 200ms);
  CHECK(parse_duration("25s") == 25s);
  CHECK(parse_duration("5M") == 5min);
  CHECK(parse_duration("0s") == 0s);
  for (const auto* const text : {"", "5", "s", "-5s", "5 s", "5.5s", "5days", "99999999999999999999s", "9007199254740993h"})
    CHECK_FALSE(parse_duration(text));
}

TEST_CASE("a size is bytes, or has a unit") {
  CHECK(parse_size("1000") == 1000u);
  CHECK(parse_size("64KiB") == 65'536u);
  CHECK(parse_size("1m") == 1'048'576u);
  for (const auto* const text : {"", "KiB", "64KiBs", "-1", "9007199254740992k"}) CHECK_FALSE(parse_size(text));
}
