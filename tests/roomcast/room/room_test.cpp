#include "roomcast/room/room.hpp"

#include "stage.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace roomcast;

namespace {

struct fixture {
  test::stage stage;
  room& r = *stage.hub().home()->rooms().open("ops");
  void say(const std::string& text = "x") { r.order({.name = "ada"}, {.bytes = text}); }
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

TEST_CASE("a branch is full by what waits in it, however short the messages, and empty when they are visible") {
  test::stage stage{{}, 2};
  std::vector<test::peer> members;
  for (int i = 0; i < 2; ++i) members.push_back(stage.join());
  lane& home = stage.hub().shared().home_of("lobby");
  lane& other = &home == stage.hub().home().get() ? *stage.hub().lanes()[1] : *stage.hub().home();
  share& branch = *other.rooms().all().front();
  std::size_t first = 0;
  for (int round = 0; round < 2; ++round) {
    std::size_t said = 0;
    for (; !branch.is_full(); ++said) branch.say({.name = "a"}, {});
    CHECK(stage.hub().shared().memory.held() < 4 * share::max_hidden);
    stage.settle();
    CHECK_FALSE(branch.is_full());
    if (round == 0) first = said;
    CHECK(said == first);
    for (auto& each : members) CHECK(each.take_texts().size() == said);
  }
}

TEST_CASE("lanes that make rooms at the same time make no more than there may be") {
  test::stage stage{{.max_rooms = 1}, 2};
  std::atomic<int> arrivals{0};
  std::atomic<int> made{0};
  std::atomic<int> most{0};
  std::atomic<int> none{0};
  constexpr int rounds = 20'000;
  // All come to `here` before anybody goes on.
  const auto meet = [&, members = 2](int& here) {
    ++arrivals;
    int patience = 10'000;
    for (here += members; arrivals < here;)
      if (--patience < 0) std::this_thread::yield();
  };
  const auto make = [&](std::size_t which) {
    directory& rooms = stage.hub().lanes()[which]->rooms();
    int here = 0;
    for (int i = 0; i < rounds; ++i) {
      meet(here);
      for (volatile int lead = which == 0 ? 0 : i % 100; lead > 0;) lead = lead - 1;
      room* const r = rooms.open("ops");
      made += r ? 1 : 0;
      meet(here);
      if (which == 0) {
        if (made > most) most = made.load();
        if (made == 0) ++none;
        made = 0;
      }
      if (r) rooms.forget(*r);
    }
  };
  std::thread other{make, 1};
  make(0);
  other.join();
  CHECK(most == 1);
  CHECK(none == 0);
}
