#include "roomcast/server/connection_limits.hpp"

#include <doctest/doctest.h>

using roomcast::server::connection_limits;
using verdict = connection_limits::verdict;

namespace {

const auto here = boost::asio::ip::make_address("192.0.2.1");
const auto there = boost::asio::ip::make_address("192.0.2.2");

}  // namespace

TEST_CASE("connections beyond all that may be are too many, from wherever, until one leaves") {
  connection_limits limits{2, 0};
  CHECK(limits.admit(here) == verdict::welcome);
  CHECK(limits.admit(there) == verdict::welcome);
  const auto third = limits.admit(here);
  CHECK(third == verdict::too_many);
  limits.leave(here, third);
  CHECK(limits.admit(there) == verdict::too_many);
  limits.leave(here, verdict::welcome);
  CHECK(limits.admit(there) == verdict::welcome);
}

TEST_CASE("one address has its own limit") {
  connection_limits limits{100, 2};
  CHECK(limits.admit(here) == verdict::welcome);
  CHECK(limits.admit(here) == verdict::welcome);
  CHECK(limits.admit(here) == verdict::too_many_of_address);
  CHECK(limits.admit(there) == verdict::welcome);
  limits.leave(here, verdict::welcome);
  CHECK(limits.admit(here) == verdict::welcome);
}

TEST_CASE("so many refusals are told at a time, and more are silent") {
  connection_limits limits{0, 0};
  for (std::size_t i = 0; i < connection_limits::refusals_at_a_time; ++i) CHECK(limits.admit(here) == verdict::too_many);
  CHECK(limits.admit(here) == verdict::silence);
  limits.leave(here, verdict::silence);
  CHECK(limits.admit(here) == verdict::silence);
  limits.leave(here, verdict::too_many);
  CHECK(limits.admit(here) == verdict::too_many);
}

TEST_CASE("a network of IPv6 counts as one address, and a mapped IPv4 address as itself") {
  connection_limits limits{100, 1};
  CHECK(limits.admit(boost::asio::ip::make_address("2001:db8:1:2::1")) == verdict::welcome);
  CHECK(limits.admit(boost::asio::ip::make_address("2001:db8:1:2:ffff::2")) == verdict::too_many_of_address);
  CHECK(limits.admit(boost::asio::ip::make_address("2001:db8:1:3::1")) == verdict::welcome);
  CHECK(limits.admit(here) == verdict::welcome);
  CHECK(limits.admit(boost::asio::ip::make_address("::ffff:192.0.2.1")) == verdict::too_many_of_address);
}
