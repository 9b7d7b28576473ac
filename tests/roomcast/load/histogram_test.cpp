#include "roomcast/load/histogram.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace roomcast::load;

TEST_CASE("each bucket follows the one before, up to the largest value") {
  std::uint64_t from = 0;
  for (std::size_t i = 0; i < histogram::buckets; ++i) {
    const auto to = histogram::upper(i);
    REQUIRE(histogram::bucket(static_cast<std::uint32_t>(from)) == i);
    REQUIRE(histogram::bucket(to) == i);
    REQUIRE((to - from) * 128 <= from);  // less than a hundredth wide, or exact
    from = std::uint64_t{to} + 1;
  }
  CHECK(from == std::uint64_t{std::numeric_limits<std::uint32_t>::max()} + 1);
}

TEST_CASE("quantiles are those of the samples") {
  histogram h;
  for (std::uint32_t us = 1; us <= 100; ++us) h.record(us);
  distribution d;
  CHECK(d.quantile(0.5) == 0);
  d.add(h);
  CHECK(d.samples() == 100);
  CHECK(d.quantile(0) == 1);
  CHECK(d.quantile(0.5) == 50);
  CHECK(d.quantile(0.99) == 99);
  CHECK(d.quantile(0.999) == 100);
  CHECK(d.quantile(1) == 100);
}

TEST_CASE("no quantile is above the largest sample") {
  histogram h;
  h.record(1'000'001);
  distribution d;
  d.add(h);
  CHECK(d.quantile(0.5) == 1'000'001);
  CHECK(d.max() == 1'000'001);
}

TEST_CASE("distributions add up, and tell what is new") {
  histogram one, other;
  one.record(10);
  other.record(20);
  distribution before, after;
  before.add(one);
  after.add(one);
  after.add(other);
  CHECK(after.samples() == 2);
  const auto fresh = after.since(before);
  CHECK(fresh.samples() == 1);
  CHECK(fresh.quantile(0.5) == 20);
}
