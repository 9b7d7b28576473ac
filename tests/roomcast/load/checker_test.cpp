#include "roomcast/load/checker.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

using roomcast::load::checker;
using roomcast::load::count_dissenters;

namespace {

// One receiver and one sender.
struct one_to_one {
  checker checks{std::array<std::uint32_t, 1>{1}};

  void see(std::initializer_list<std::uint32_t> sequences) {
    for (const auto s : sequences) checks.see(0, 0, s);
  }
  void expect(std::uint64_t missing, std::uint64_t doubled, std::uint64_t out_of_order) {
    CHECK(checks.missing() == missing);
    CHECK(checks.doubled() == doubled);
    CHECK(checks.out_of_order() == out_of_order);
  }
  bool complete(std::uint32_t sent) { return checks.complete(0, std::array{sent}); }
  void finish(std::uint32_t sent) { checks.finish(0, std::array{sent}); }
};

}  // namespace

TEST_CASE("all messages once and in order are no error") {
  one_to_one c;
  c.see({0, 1, 2});
  CHECK_FALSE(c.complete(4));
  CHECK(c.complete(3));
  c.finish(3);
  c.expect(0, 0, 0);
  CHECK(c.checks.order(0));
}

TEST_CASE("messages that never come are missing, in the middle and at the end") {
  one_to_one c;
  c.see({0, 3, 4});
  c.expect(2, 0, 0);
  c.finish(7);
  c.expect(4, 0, 0);
  CHECK_FALSE(c.checks.order(0));
}

TEST_CASE("a message that comes again is doubled, whenever it does") {
  one_to_one c;
  c.see({0, 0, 1, 2, 0});
  c.expect(0, 2, 0);
  CHECK_FALSE(c.checks.order(0));
}

TEST_CASE("a message that comes late is out of order, and not missing") {
  one_to_one c;
  c.see({2, 1, 0, 3});
  c.expect(0, 0, 2);
  CHECK_FALSE(c.checks.order(0));
}

TEST_CASE("a late message that comes again is doubled") {
  one_to_one c;
  c.see({5, 2, 2, 5, 0, 4, 4});
  c.expect(2, 3, 3);  // 1 and 3 are missing
}

TEST_CASE("whoever sees a message for the first time is told so") {
  one_to_one c;
  CHECK(c.checks.see(0, 0, 0));
  CHECK(c.checks.see(0, 0, 2));
  CHECK(c.checks.see(0, 0, 1));
  CHECK_FALSE(c.checks.see(0, 0, 1));
}

TEST_CASE("after a restart any message is the next, and what was missing remains so") {
  one_to_one c;
  c.see({0, 2});
  c.checks.restart(0);
  CHECK(c.complete(100));
  c.finish(100);
  c.expect(1, 0, 0);
  c.see({50, 51, 53, 1});
  c.expect(2, 1, 0);
  CHECK_FALSE(c.complete(55));
  c.finish(55);
  c.expect(3, 1, 0);
}

TEST_CASE("each receiver and each sender counts for itself") {
  checker checks{std::array<std::uint32_t, 3>{2, 1, 2}};
  checks.see(0, 0, 0);
  checks.see(1, 0, 0);
  checks.see(2, 1, 0);
  checks.see(2, 1, 1);
  CHECK(checks.missing() + checks.doubled() + checks.out_of_order() == 0);
  CHECK(checks.seen(0, 1) == 0);
  CHECK(checks.seen(2, 0) == 0);
  CHECK(checks.seen(2, 1) == 2);
  checks.finish(0, std::array<std::uint32_t, 2>{1, 2});
  CHECK(checks.missing() == 2);
}

TEST_CASE("another order of two senders' messages is another order") {
  using seen = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  const auto order_of = [](const seen& all) {
    checker checks{std::array<std::uint32_t, 1>{2}};
    for (const auto& [place, sequence] : all) checks.see(0, place, sequence);
    return checks.order(0).value();
  };
  CHECK(order_of({{0, 0}, {1, 0}, {0, 1}}) == order_of({{0, 0}, {1, 0}, {0, 1}}));
  CHECK(order_of({{0, 0}, {1, 0}, {0, 1}}) != order_of({{0, 0}, {0, 1}, {1, 0}}));
  CHECK(order_of({{0, 0}, {1, 0}}) != order_of({{1, 0}, {0, 0}}));
}

TEST_CASE("dissenters are those who are not of the largest group") {
  CHECK(count_dissenters({}) == 0);
  CHECK(count_dissenters({7, 7, 7}) == 0);
  CHECK(count_dissenters({9, 7, 7, 1}) == 2);
}
