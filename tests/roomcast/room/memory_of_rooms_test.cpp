#include "stage.hpp"

#include "roomcast/room/room.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

using namespace roomcast;
using namespace std::chrono_literals;
using test::masked_text;

namespace {

void speak(test::stage& stage, const std::string& room, std::size_t messages, std::size_t bytes = 10) {
  auto ada = stage.join("/chat/" + room);
  for (std::size_t i = 0; i < messages; ++i) {
    ada.send(masked_text(std::string(bytes, 'x')));
    ada.take();
  }
}

std::size_t held(test::stage& stage) { return stage.hub().shared().memory.held(); }

}  // namespace

TEST_CASE("a room is there for as long as it remembers something") {
  test::stage stage{{.retain_age = 10s}};
  speak(stage, "ops", 3);
  stage.pass(9s);
  CHECK(stage.count().members == 0);
  CHECK(stage.count().rooms == 1);
  CHECK(held(stage) > 0);
  stage.pass(2s);
  CHECK(stage.count().rooms == 0);
  CHECK(held(stage) == 0);
}

TEST_CASE("nobody gets what is too old, where nobody has looked at the clock either") {
  test::stage stage{{.format = "{text}", .history = 10, .retain_age = 10s}};
  stage.hub().publish("lobby", "old", [](error_code, receipt) {});
  stage.settle();
  stage.let_time_go_by(11s);
  auto bob = stage.join();
  CHECK(bob.take_texts().empty());
}

TEST_CASE("what is said later is remembered later") {
  test::stage stage{{.format = "{text}", .history = 10, .retain_age = 10s}};
  auto ada = stage.join();
  ada.send(masked_text("old"));
  stage.pass(6s);
  ada.send(masked_text("new"));
  stage.pass(6s);
  auto bob = stage.join();
  CHECK(bob.take_texts() == std::vector<std::string>{"new"});
}

TEST_CASE("a room remembers no more than so much memory") {
  test::stage stage{{.retain_bytes = 100'000}};
  speak(stage, "ops", 200, 2'000);
  CHECK(held(stage) < 110'000);
  CHECK(held(stage) > 50'000);
}

TEST_CASE("all rooms together remember no more than so much, and those that are silent forget first") {
  test::stage stage{{.format = "{text}", .history = 1, .retain_total = 100'000}};
  for (int i = 0; i < 50; ++i) speak(stage, fmt::format("room-{}", i), 2, 4'000);
  CHECK(held(stage) < 120'000);
  CHECK(stage.count().rooms < 30);
  auto last = stage.join("/chat/room-49");
  CHECK(last.take_texts().size() == 1);
  auto first = stage.join("/chat/room-0");
  CHECK(first.take_texts().empty());
}

TEST_CASE("a room that is only remembered gives way to a new one") {
  test::stage stage{{.max_rooms = 2}};
  auto busy = stage.join("/chat/busy");
  speak(stage, "silent", 1);
  CHECK(stage.count().rooms == 2);
  auto fresh = stage.join("/chat/fresh");
  CHECK(stage.count().rooms == 2);
  CHECK(stage.ask("/chat/more").pipe().from_server.starts_with("HTTP/1.1 503 "));
}

TEST_CASE("when memory is short, what is only remembered goes before any member does") {
  test::stage stage{{.max_lag = 100u << 20, .memory_budget = 1u << 20, .retain_bytes = 10u << 20, .retain_total = 10u << 20}};
  auto slow = stage.join("/chat/slow");
  slow.set_window(10);
  auto talker = stage.join("/chat/slow?name=talker");
  speak(stage, "remembering", 200, 4'000);
  for (int i = 0; i < 20; ++i) {
    talker.send(masked_text(std::string(20'000, 'x')));
    talker.take();
    stage.pass(100ms);
  }
  CHECK(stage.count().shed == 0);
  CHECK_FALSE(slow.is_gone());
  CHECK(held(stage) <= 1u << 20);
}

TEST_CASE("a stop ends what is remembered") {
  test::stage stage;
  speak(stage, "ops", 3);
  const auto stopped = stage.stop(1s);
  stage.pass(100ms);
  CHECK(*stopped);
  CHECK(stage.count().rooms == 0);
  CHECK(held(stage) == 0);
}

TEST_CASE("a stop in which one room's last words would make others forget is in order") {
  test::stage stage{{.retain_bytes = 100'000, .retain_total = 100'000}};
  for (int i = 0; i < 20; ++i) speak(stage, fmt::format("room-{}", i), 2, 2'000);
  auto ada = stage.join("/chat/busy");
  for (int i = 0; i < 20; ++i) ada.queue(masked_text(std::string(9'000, 'x')));
  const auto stopped = stage.stop(1s);
  ada.end();
  stage.pass(2s);
  CHECK(*stopped);
  CHECK(held(stage) == 0);
}

TEST_CASE("on whatever lane a room is only remembered, it gives way") {
  for (int i = 0; i < 8; ++i) {
    test::stage stage{{.max_rooms = 1}, 3};
    speak(stage, fmt::format("silent-{}", i), 1);
    auto fresh = stage.join("/chat/fresh");
    CHECK(stage.count().rooms == 1);
    CHECK(stage.ask("/chat/more").pipe().from_server.starts_with("HTTP/1.1 503 "));
  }
}
