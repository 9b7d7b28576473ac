#include "roomcast/connection/deadlines.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using roomcast::deadlines;
using due = deadlines::due;

namespace {

const deadlines::time_point start{1000s};
const roomcast::options config;  // pings at 25 s, pongs within 10 s, messages within 30 s, sending within 30 s

}  // namespace

TEST_CASE("a silent connection is pinged once, and found unresponsive after that") {
  deadlines d{config};
  d.open(start);
  CHECK(d.next() == start + 25s);
  CHECK(d.check(start + 24s) == due::nothing);
  CHECK(d.check(start + 25s) == due::ping);
  CHECK(d.next() == start + 35s);
  CHECK(d.check(start + 26s) == due::nothing);
  CHECK(d.check(start + 35s) == due::pong);
}

TEST_CASE("whatever comes is a sign of life") {
  deadlines d{config};
  d.open(start);
  d.heard(start + 20s);
  CHECK(d.check(start + 30s) == due::nothing);
  CHECK(d.check(start + 45s) == due::ping);
  d.heard(start + 46s);
  CHECK(d.check(start + 60s) == due::nothing);
  CHECK(d.next() == start + 71s);
}

TEST_CASE("a message has so long from its first byte, whatever comes meanwhile") {
  deadlines d{config};
  d.open(start);
  d.message_began(start + 1s);
  d.heard(start + 30s);
  d.message_began(start + 30s);
  CHECK(d.check(start + 30s) == due::nothing);
  CHECK(d.check(start + 31s) == due::message);
  d.message_ended();
  CHECK(d.check(start + 32s) == due::nothing);
}

TEST_CASE("bytes that wait without progress end the connection, even if it goes on sending") {
  deadlines d{config};
  d.open(start);
  d.blocked(start, true);
  d.heard(start + 29s);
  d.blocked(start + 29s, false);
  CHECK(d.check(start + 29s) == due::nothing);
  CHECK(d.check(start + 30s) == due::send);
}

TEST_CASE("progress, however small, starts the wait for it again") {
  deadlines d{config};
  d.open(start);
  d.blocked(start, true);
  d.blocked(start + 20s, true);
  d.heard(start + 40s);
  CHECK(d.check(start + 40s) == due::nothing);
  d.unblocked();
  CHECK(d.check(start + 60s) == due::nothing);
}

TEST_CASE("a connection that is not open yet, or closing, ends when it must") {
  deadlines d{config};
  CHECK(d.next() == deadlines::never);
  d.must_end(start + 5s);
  CHECK(d.next() == start + 5s);
  CHECK(d.check(start + 4s) == due::nothing);
  CHECK(d.check(start + 5s) == due::end);
  d.open(start + 5s);
  CHECK(d.check(start + 5s) == due::nothing);
}
