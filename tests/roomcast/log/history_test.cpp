#include "roomcast/log/history.hpp"

#include "feed.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

using namespace roomcast;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

struct fixture {
  test::feed feed;
  log::history history{256, *std::pmr::get_default_resource()};
  log::history::time_point now{1h};

  void say(const std::string& text, std::uint64_t sender = 1) { feed.say(text, sender); }

  void show() { history.add(feed.show()->batch, now, 10s); }

  void say_alone(const std::string& text, std::uint64_t sender = 1) {
    say(text, sender);
    show();
  }

  static strings texts(const log::replay& r) {
    strings all;
    std::size_t i = r.first;
    for (const auto& b : r.batches) {
      for (; i < b->entries.size(); ++i) all.emplace_back(b->message(i).text);
      i = 0;
    }
    return all;
  }
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "small batches are gathered, with all that is known of each message") {
  say("a", 1);
  say("b", 2);
  show();
  say("c", 2);
  say("d", 3);
  show();
  const auto all = history.batches();
  REQUIRE(all.size() == 1);
  const auto& b = *all.front();
  CHECK(b.messages == 4);
  CHECK(test::texts(b.in(wire::encoding::text)) == strings{"a", "b", "c", "d"});
  for (std::size_t i = 0; i < 4; ++i) {
    const auto m = b.message(i);
    CHECK(m.seq == i + 1);
    CHECK(m.text == std::string(1, static_cast<char>('a' + i)));
    CHECK(m.name == "ada");
    CHECK(m.sender == std::vector<std::uint64_t>{1, 2, 2, 3}[i]);
    CHECK(m.id == m.sender);
  }
}

TEST_CASE_FIXTURE(fixture, "a large batch is the log's own") {
  say(std::string(10'000, 'x'));
  const auto link = feed.show();
  history.add(link->batch, now, 10s);
  CHECK(history.batches().front() == link->batch);
}

TEST_CASE_FIXTURE(fixture, "notices are not remembered, and messages on both sides of one are") {
  feed.log.use(wire::encoding::json);
  say("a", 1);
  feed.log.append_notice([](std::pmr::string& out) { out += "notice"; });
  say("b", 2);
  feed.log.append_notice([](std::pmr::string& out) { out += "notice"; });
  show();
  feed.log.append_notice([](std::pmr::string& out) { out += "notice"; });
  show();
  const auto all = history.batches();
  REQUIRE(all.size() == 1);
  CHECK(all[0]->entries.size() == 2);
  CHECK(all[0]->message(1).text == "b");
  CHECK(all[0]->message(1).sender == 2);
  CHECK(all[0]->message(1).seq == 2);
}

TEST_CASE_FIXTURE(fixture, "what comes after a message, and the last so many") {
  for (int i = 1; i <= 200; ++i) say_alone(std::to_string(i));
  CHECK(texts(history.after(197)) == strings{"198", "199", "200"});
  CHECK(texts(history.after(200)).empty());
  CHECK(texts(history.after(0)).size() == 200);
  CHECK(texts(history.last(2)) == strings{"199", "200"});
  CHECK(texts(history.last(130)).front() == "71");
  CHECK(texts(history.last(1000)).size() == 200);
}

TEST_CASE_FIXTURE(fixture, "whoever reads what is remembered keeps it as it is, whatever is said and forgotten meanwhile") {
  for (int i = 1; i <= 10; ++i) say_alone(std::to_string(i));
  const auto kept = history.last(3);
  for (int i = 11; i <= 1000; ++i) {
    say_alone(std::to_string(i));
    while (history.messages() - history.oldest_messages() >= 100) history.forget_oldest();
  }
  CHECK(texts(kept) == strings{"8", "9", "10"});
  CHECK(texts(history.last(1)) == strings{"1000"});
  CHECK(history.forgotten_seq() >= 800);
  CHECK(texts(history.after(history.forgotten_seq())).size() == history.messages());
}

TEST_CASE_FIXTURE(fixture, "what is said much later is remembered and forgotten apart") {
  say_alone("old");
  now += 11s;
  say_alone("new");
  REQUIRE(history.batches().size() == 2);
  CHECK(history.oldest_time() == now - 11s);
  history.forget_oldest();
  CHECK(history.oldest_time() == now);
  CHECK(history.forgotten_seq() == 1);
  CHECK(texts(history.last(9)) == strings{"new"});
}

TEST_CASE_FIXTURE(fixture, "weight is of all that is remembered") {
  CHECK(history.weight() == 0);
  say_alone(std::string(100, 'x'));
  const auto one = history.weight();
  CHECK(one > 100);
  say_alone(std::string(20'000, 'x'));
  CHECK(history.weight() > one + 20'000);
  history.forget_oldest();
  history.forget_oldest();
  CHECK(history.weight() == 0);
  CHECK(history.empty());
}
