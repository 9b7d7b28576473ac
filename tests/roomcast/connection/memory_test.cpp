#include "stage.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace roomcast;
using namespace std::chrono_literals;
using test::masked;
using test::masked_text;

namespace {

constexpr std::size_t budget = 1 << 20;

std::size_t held(test::stage& stage) { return stage.hub().shared().memory.held(); }

}  // namespace

TEST_CASE("everything that is held for a member is given back with it") {
  test::stage stage{{.retain_messages = 0}};
  {
    auto slow = stage.join();
    auto in_part = stage.join();
    auto quick = stage.join();
    slow.set_window(0);
    in_part.send(masked_text(std::string(50'000, 'x')).substr(0, 20'000));
    for (int i = 0; i < 10; ++i) quick.send(masked_text(std::string(1000, 'x')));
    slow.send(masked(0x89, "ping"));
    CHECK(held(stage) > 30'000);
    slow.end();
    in_part.reset();
  }
  stage.pass(6s);
  CHECK(stage.count().sessions == 0);
  CHECK(held(stage) == 0);
}

TEST_CASE("members that keep up hold nothing") {
  test::stage stage{{.retain_messages = 0}};
  auto ada = stage.join();
  auto bob = stage.join();
  for (int i = 0; i < 10; ++i) {
    ada.send(masked_text(std::string(1000, 'x')));
    ada.take();
    bob.take();
  }
  CHECK(held(stage) < 500);  // the frame of a link, without its batch
}

TEST_CASE("beyond the memory budget the most lagging reader goes first, in whatever room, and nobody else") {
  test::stage stage{{.format = "{text}", .max_lag = 100u << 20, .memory_budget = budget, .retain_messages = 0}};
  auto most = stage.join("/chat/one");
  auto less = stage.join("/chat/two");
  auto prompt_one = stage.join("/chat/one");
  auto prompt_two = stage.join("/chat/two");
  most.set_window(50);
  less.set_window(50);
  const auto say_until = [&](test::peer& who, auto holds) {
    for (int i = 0; i < 10'000 && !holds(); ++i) {
      who.send(masked_text(std::string(100, 'x')));
      CHECK(who.take_texts().size() == 1);
    }
  };
  say_until(prompt_two, [&] { return held(stage) > budget / 4; });
  say_until(prompt_one, [&] { return held(stage) > budget * 3 / 4; });
  CHECK(stage.count().shed == 0);
  say_until(prompt_one, [&] { return stage.count().shed != 0; });
  CHECK(stage.count().shed == 1);
  CHECK(stage.count().slow_readers_closed == 1);
  CHECK(held(stage) < budget);
  CHECK(stage.count().members == 3);
  most.set_window(1'000'000);
  CHECK(most.take_close() == 4008);
  less.set_window(1'000'000);
  CHECK(less.take().size() > 40'000);
}

TEST_CASE("a reader that is shed while much of a frame is still to be sent is dropped") {
  test::stage stage{{.format = "{text}", .max_lag = 100u << 20, .memory_budget = budget}};
  std::vector<test::peer> stalled;
  for (int i = 0; i < 40; ++i) {
    stalled.push_back(stage.join());
    stalled.back().set_window(100);
  }
  auto quick = stage.join();
  for (int i = 0; i < 20; ++i) {
    quick.send(masked_text(std::string(60'000, 'x')));
    CHECK(quick.take().size() > 60'000);
    stage.pass(50ms);
  }
  CHECK(held(stage) < budget);
  CHECK(stage.count().members == 1);
  CHECK(stage.count().slow_readers_closed == 0);
}

TEST_CASE("messages that have come in part count, and go with 1013") {
  test::stage stage{{.max_message_size = 100'000, .memory_budget = budget}};
  auto bystander = stage.join("/chat?name=bob");
  std::vector<test::peer> greedy;
  for (int i = 0; i < 30; ++i) greedy.push_back(stage.join("/chat/elsewhere"));
  for (auto& each : greedy) each.send(masked_text(std::string(90'000, 'x')).substr(0, 60'000));
  stage.pass(100ms);
  CHECK(held(stage) <= budget);
  CHECK(stage.count().shed > 0);
  unsigned closed = 0;
  for (auto& each : greedy) closed += each.take_close() == 1013;
  CHECK(closed == stage.count().shed);
  bystander.send(masked_text("fine"));
  CHECK(bystander.take_texts() == std::vector<std::string>{"[bob] fine"});
}

TEST_CASE("who holds little is spared, whichever lane looks first") {
  test::stage stage{{.max_message_size = 1 << 20, .memory_budget = budget}, 2};
  std::vector<test::peer> greedy;
  std::vector<test::peer> modest;
  for (int i = 0; i < 2; ++i) {
    modest.push_back(stage.join());  // on the one lane,
    greedy.push_back(stage.join());  // and on the other
  }
  modest[0].set_window(100);
  modest[1].send(masked_text(std::string(20'000, 'x')));
  modest[1].take();
  for (auto& each : greedy) {
    each.send(masked_text(std::string(budget, 'x')).substr(0, budget - 10'000));
    each.send("more");
  }
  for (int i = 0; i < 4; ++i) stage.pass(50ms);
  CHECK(held(stage) <= budget);
  CHECK(stage.count().shed > 0);
  CHECK(stage.count().slow_readers_closed == 0);
  modest[0].set_window(1'000'000);
  modest[1].send(masked_text("fine"));
  CHECK(modest[0].take().ends_with("[user2] fine"));
}

TEST_CASE("beyond the memory budget nobody new is let in") {
  test::stage stage{{.memory_budget = budget}};
  auto bob = stage.join("/chat?name=bob");
  {
    std::pmr::vector<char> elsewhere(budget + 1, &stage.hub().shared().memory);
    CHECK(stage.ask().take().starts_with("HTTP/1.1 503 "));
    CHECK(stage.count().refused_memory == 1);
    bob.send(masked_text("members talk on"));
    CHECK(bob.take_texts().size() == 1);
  }
  CHECK(stage.ask().take().starts_with("HTTP/1.1 101 "));
}

TEST_CASE("where slow readers skip, memory is kept without parting from them") {
  test::stage stage{{.format = "{text}", .max_lag = 100u << 20, .slow_reader = slow_reader_policy::skip, .memory_budget = budget}};
  auto stalled = stage.join();
  auto quick = stage.join();
  stalled.set_window(100);
  stalled.send(test::masked(0x01, "half "));
  for (int i = 0; i < 3000; ++i) {
    quick.send(masked_text(std::string(900, 'x')));
    quick.take();
    if (i % 100 == 0) stage.pass(50ms);
  }
  stage.pass(50ms);
  CHECK(held(stage) <= budget);
  CHECK(stage.count().slow_readers_skipped > 1);
  CHECK(stage.count().members == 2);
  stalled.send(test::masked(0x80, "a message"));
  CHECK(quick.take_texts() == std::vector<std::string>{"half a message"});
}

TEST_CASE("handshakes are let through at their rate, and those beyond it get 503") {
  test::stage stage{{.handshake_rate = 5}};
  std::vector<test::peer> asked;
  const auto ask = [&](int times) {
    int let_in = 0;
    for (int i = 0; i < times; ++i) {
      asked.push_back(stage.ask());
      let_in += asked.back().take().starts_with("HTTP/1.1 101 ");
    }
    return let_in;
  };
  CHECK(ask(10) == 5);
  CHECK(stage.count().refused_handshake_rate == 5);
  stage.pass(1s);
  CHECK(ask(10) == 5);
}
