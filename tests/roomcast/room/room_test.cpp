#include "roomcast/room/room.hpp"

#include "stage.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace roomcast;

namespace {

struct fixture {
  test::stage stage;
  room& r = *stage.hub().home()->rooms().open("ops");
  void say(const std::string& text = "x") { r.order(0, "ada", {.bytes = text}); }
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "a batch waits for another turn as long as messages come, and is sealed after a quiet one") {
  say();
  CHECK(r.wants_another_turn());
  say();
  CHECK(r.wants_another_turn());
  CHECK_FALSE(r.wants_another_turn());
}

TEST_CASE_FIXTURE(fixture, "a batch that is full waits no longer") {
  say(std::string(room::full_batch, 'x'));
  CHECK_FALSE(r.wants_another_turn());
}

TEST_CASE_FIXTURE(fixture, "a batch that keeps growing does not wait for ever") {
  int turns = 0;
  for (say(); r.wants_another_turn(); say()) ++turns;
  CHECK(turns == room::max_turns - 1);
}

TEST_CASE_FIXTURE(fixture, "a room is full by what is not visible yet") {
  const std::string text(room::full_batch, 'x');
  for (int i = 0; i < 3; ++i) say(text);
  CHECK_FALSE(r.is_full());
  say(text);
  CHECK(r.is_full());
  r.flush();
  CHECK_FALSE(r.is_full());
}
