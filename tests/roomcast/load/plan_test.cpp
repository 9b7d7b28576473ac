#include "roomcast/load/plan.hpp"

#include "roomcast/load/pace.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>

using namespace roomcast::load;
using namespace std::chrono_literals;

namespace {

settings sized(std::uint32_t connections, std::uint32_t rooms, std::uint32_t senders) {
  settings s;
  s.connections = connections;
  s.rooms = rooms;
  s.senders = senders;
  return s;
}

std::string last_target(std::string target, std::uint32_t rooms) {
  auto s = sized(rooms, rooms, 0);
  s.where.target = std::move(target);
  return plan{s, 0}.target(rooms - 1);
}

}  // namespace

TEST_CASE("every sender is one connection that reads, in its own room") {
  for (const std::uint32_t rooms : {1u, 2u, 3u, 7u})
    for (std::uint32_t connections = rooms; connections < 25; ++connections)
      for (std::uint32_t senders = 1; senders <= connections; ++senders) {
        auto s = sized(connections + 3, rooms, senders);
        s.stalled = 3;
        const plan p{s, 0};
        std::set<std::uint32_t> found;
        for (std::uint32_t c = 0; c < s.connections; ++c)
          if (const auto sender = p.sender_of(c)) {
            found.insert(*sender);
            const auto [room, place] = p.seat_of(*sender);
            REQUIRE_FALSE(p.is_stalled(c));
            REQUIRE(room == p.room_of(c));
            REQUIRE(p.first_sender(room) + place == *sender);
            REQUIRE(place < p.senders_in(room));
          }
        REQUIRE(found.size() == senders);
        REQUIRE(p.senders() == senders);
      }
}

TEST_CASE("a room's target is the path and its number, before the query") {
  CHECK(last_target("/chat?token=x", 1) == "/chat?token=x");
  CHECK(last_target("/chat?token=x", 2) == "/chat/load-1?token=x");
  CHECK(last_target("/", 3) == "/load-2");
}

TEST_CASE("what cannot be is told by the name of its option") {
  CHECK(fault_of(sized(10, 2, 10)).empty());
  CHECK(fault_of(sized(10, 2, 11)).starts_with("--senders: "));
  CHECK(fault_of(sized(10, 11, 1)).starts_with("--rooms: "));
  auto s = sized(10, 1, 10);
  s.stalled = 1;
  CHECK(fault_of(s).starts_with("--senders: "));
  s.stalled = 10;
  CHECK(fault_of(s).starts_with("--stalled: "));
  s.stalled = 0;
  s.churn = 1;
  CHECK(fault_of(s).starts_with("--churn: "));
  s.churn = 0;
  s.bytes = marker::size - 1;
  CHECK(fault_of(s).starts_with("--bytes: "));
  CHECK(fault_of(sized(1'000'000, 1, 1'000'000)).starts_with("--senders: "));
}

TEST_CASE("senders speak in turn, at even distances, whichever threads they are on") {
  const pace::time_point begin{1000s};
  pace own{{0, 2}, 3, 30, begin};
  for (const auto& [turn, due] : {std::pair{0u, 0}, {1u, 2}, {0u, 3}, {1u, 5}, {0u, 6}}) {
    CHECK(own.turn() == turn);
    CHECK(std::chrono::abs(own.due() - begin - due * 33'333'333ns) < 1us);
    own.advance();
  }
}
