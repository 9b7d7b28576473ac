#include "roomcast/store/retention.hpp"

#include <doctest/doctest.h>

using namespace roomcast::store;
using namespace std::chrono_literals;

TEST_CASE("rooms are looked at at once, and then several times in the age of a message") {
  const retention::clock::time_point now{1000s};
  stored_room lobby{1, "lobby", "epoch", 1, 1};
  retention r{0, 80s};
  CHECK(r.next() <= now);
  r.look_around(&lobby, now);
  CHECK(r.is_due(now));
  CHECK(r.next() <= now);  // there is something to do

  retention quiet{0, 80s};
  quiet.look_around(nullptr, now);
  CHECK(quiet.next() == now + 10s);
  quiet.look_around(&lobby, now + 9s);
  CHECK_FALSE(quiet.is_due(now + 9s));
}

TEST_CASE("where there is no age, rooms are looked at once") {
  stored_room many{1, "many", "epoch", 11, 11};
  stored_room few{2, "few", "epoch", 10, 10};
  few.next = &many;
  retention r{10, 0s};
  r.look_around(&few, {});
  CHECK(many.is_linked());
  CHECK_FALSE(few.is_linked());
  retention none{0, 0s};
  none.look_around(&few, {});
  CHECK(none.next() == std::nullopt);
}

TEST_CASE("only what goes well beyond what is kept is given up") {
  stored_room lobby{1, "lobby", "epoch", 163, 163};
  retention r{100, 0s};
  r.look_around(nullptr, {});
  r.grew(lobby);
  CHECK_FALSE(r.is_due({}));
  CHECK(r.surplus_of(lobby) == 63);
  lobby.messages = 164;
  r.grew(lobby);
  CHECK(r.is_due({}));
}
