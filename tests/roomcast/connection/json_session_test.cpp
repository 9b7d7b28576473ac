#include "json_frames.hpp"
#include "stage.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace roomcast;
using namespace std::chrono_literals;
using test::masked_text;

namespace {

namespace json = boost::json;

using frames = test::json_frames;
using test::of_type;
using test::say;
using test::string;
using test::texts;

frames take(test::peer& p) { return test::take_frames(p); }

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a JSON member is welcomed first") {
  test::stage stage;
  auto ada = stage.join_json("/chat/ops?name=ada");
  const auto all = take(ada);
  REQUIRE(all.size() == 1);
  CHECK(string(all[0], "type") == "welcome");
  CHECK(string(all[0], "name") == "ada");
  CHECK(string(all[0], "room") == "ops");
  CHECK(string(all[0], "id").starts_with("c"));
  CHECK_FALSE(string(all[0], "epoch").empty());
  CHECK_FALSE(string(all[0], "key").empty());
  CHECK(all[0].at("seq") == 0);
  CHECK(all[0].at("members") == 1);
  CHECK(all[0].at("recovered") == false);
}

TEST_CASE("JSON and plain-text members hear the same, each in its own form") {
  test::stage stage;
  auto ada = stage.join_json("/chat?name=ada");
  auto bob = stage.join("/chat?name=bob");
  take(ada);
  say(ada, "hi");
  bob.send(masked_text("hey \"you\""));
  const auto heard = of_type(take(ada), "message");
  REQUIRE(heard.size() == 2);
  CHECK(string(heard[0], "name") == "ada");
  CHECK(string(heard[0], "text") == "hi");
  CHECK(heard[0].at("seq") == 1);
  CHECK(string(heard[1], "text") == "hey \"you\"");
  CHECK(heard[1].at("seq") == 2);
  CHECK(bob.take_texts() == strings{"[ada] hi", "[bob] hey \"you\""});
}

TEST_CASE("a message with a ref is acknowledged, after the message itself and with its number; others are not") {
  for (const std::size_t lanes : {1u, 2u}) {
    test::stage stage{{}, lanes};
    auto ada = stage.join_json();
    auto bob = stage.join_json();
    take(ada);
    take(bob);
    for (auto* who : {&ada, &bob}) {
      say(*who, "one", R"(,"ref":"r1")");
      say(*who, "two");
      say(*who, "three", R"(,"ref":"r3","echo":false)");
      const auto all = take(*who);
      const auto acks = of_type(all, "ack");
      const auto messages = of_type(all, "message");
      REQUIRE(acks.size() == 2);
      REQUIRE(messages.size() == 2);
      CHECK(string(acks[0], "ref") == "r1");
      CHECK(acks[0].at("seq") == messages[0].at("seq"));
      CHECK(string(acks[1], "ref") == "r3");
      CHECK(acks[1].at("seq").as_int64() > messages[1].at("seq").as_int64());
      const auto place_of = [&](const json::object& o) { return std::find(all.begin(), all.end(), o) - all.begin(); };
      CHECK(place_of(acks[0]) > place_of(messages[0]));
      auto* const other = who == &ada ? &bob : &ada;
      const auto heard = take(*other);
      CHECK(texts(heard) == strings{"one", "two", "three"});
      CHECK(of_type(heard, "ack").empty());
    }
  }
}

TEST_CASE("without echo a sender is acknowledged and does not hear itself") {
  test::stage stage{{.echo = false}};
  auto ada = stage.join_json();
  take(ada);
  say(ada, "hi", R"(,"ref":"r")");
  const auto all = take(ada);
  REQUIRE(all.size() == 1);
  CHECK(string(all[0], "type") == "ack");
}

TEST_CASE("joins and leaves are told once each, to JSON members only, and not to whom they are about") {
  for (const std::size_t lanes : {1u, 3u}) {
    test::stage stage{{}, lanes};
    auto plain = stage.join("/chat?name=plain");
    auto ada = stage.join_json("/chat?name=ada");
    CHECK(take(ada).size() == 1);
    {
      auto bob = stage.join_json("/chat?name=bob");
      const auto own = take(bob);
      REQUIRE(own.size() == 1);
      CHECK(own[0].at("members") == 3);
      const auto told = take(ada);
      REQUIRE(told.size() == 1);
      CHECK(string(told[0], "type") == "join");
      CHECK(string(told[0], "name") == "bob");
      CHECK(string(told[0], "id") == string(own[0], "id"));
      bob.send(masked_text(R"({"type":"message","text":"bye"})"));
      bob.send(test::masked(0x88, "\x03\xe8"));
    }
    const auto told = take(ada);
    REQUIRE(told.size() == 2);
    CHECK(string(told[0], "text") == "bye");
    CHECK(string(told[1], "type") == "leave");
    CHECK(string(told[1], "name") == "bob");
    plain.reset();
    CHECK(of_type(take(ada), "leave").size() == 1);
    CHECK(plain.take_texts().size() <= 1);
  }
}

TEST_CASE("who is there is told on request") {
  test::stage stage;
  auto ada = stage.join_json("/chat?name=ada");
  auto bob = stage.join("/chat?name=bob");
  take(ada);
  ada.send(masked_text(R"({"type":"members","ref":"m"})"));
  const auto all = take(ada);
  REQUIRE(all.size() == 1);
  CHECK(string(all[0], "type") == "members");
  CHECK(string(all[0], "ref") == "m");
  CHECK(all[0].at("count") == 2);
  strings names;
  for (const auto& each : all[0].at("members").as_array()) names.push_back(string(each.as_object(), "name"));
  std::sort(names.begin(), names.end());
  CHECK(names == strings{"ada", "bob"});
}

TEST_CASE("in a large room the number of members is told, at most once a second") {
  test::stage stage{{.presence_limit = 3}};
  auto ada = stage.join_json("/chat?name=ada");
  take(ada);
  std::vector<test::peer> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(stage.join());
  auto told = take(ada);
  CHECK(of_type(told, "join").size() == 2);
  CHECK(of_type(told, "presence").size() == 1);
  stage.pass(1100ms);
  told = take(ada);
  REQUIRE(told.size() == 1);
  CHECK(told[0].at("members") == 101);
  stage.pass(3s);
  CHECK(take(ada).empty());
  crowd.clear();
  told = take(ada);
  stage.pass(2s);
  const auto later = take(ada);
  told.insert(told.end(), later.begin(), later.end());
  CHECK(of_type(told, "presence").size() >= 1);
  CHECK(of_type(told, "leave").size() <= 3);
}

TEST_CASE("what a room remembers is told on request, oldest first, and whether that is all") {
  test::stage stage{{.retain_messages = 4}};
  auto ada = stage.join("/chat?name=ada");
  for (int i = 1; i <= 6; ++i) ada.send(masked_text(fmt::format("{}", i)));
  auto bob = stage.join_json("/chat?name=bob");
  take(bob);
  const auto ask = [&](const std::string& more) {
    bob.send(masked_text(R"({"type":"history","ref":"h")" + more + "}"));
    auto all = take(bob);
    REQUIRE(all.size() == 1);
    CHECK(string(all[0], "ref") == "h");
    return all[0];
  };
  const auto seqs = [](const json::object& h) {
    std::vector<std::int64_t> all;
    for (const auto& each : h.at("messages").as_array()) all.push_back(each.as_object().at("seq").as_int64());
    return all;
  };
  auto h = ask("");
  CHECK(seqs(h) == std::vector<std::int64_t>{3, 4, 5, 6});
  CHECK(h.at("complete") == false);
  CHECK(string(h.at("messages").as_array()[0].as_object(), "text") == "3");
  CHECK(string(h.at("messages").as_array()[0].as_object(), "name") == "ada");
  h = ask(R"(,"before":5,"limit":1)");
  CHECK(seqs(h) == std::vector<std::int64_t>{4});
  CHECK(h.at("complete") == false);
}

TEST_CASE("a young room remembers all of its life, and says so") {
  test::stage stage;
  auto ada = stage.join_json();
  take(ada);
  say(ada, "first");
  take(ada);
  ada.send(masked_text(R"({"type":"history"})"));
  const auto all = take(ada);
  REQUIRE(all.size() == 1);
  CHECK(all[0].at("complete") == true);
  CHECK(all[0].at("messages").as_array().size() == 1);
}

TEST_CASE("one who comes back gets exactly what was missed, and then what is said, on any number of lanes") {
  for (const std::size_t lanes : {1u, 2u, 3u}) {
    for (int skipped = 0; skipped < static_cast<int>(lanes); ++skipped) {
      test::stage stage{{}, lanes};
      auto talker = stage.join("/chat?name=talker");
      for (int i = 0; i < skipped; ++i) stage.join("/chat/elsewhere");  // so that lanes are taken in another turn
      std::string where;
      {
        auto ada = stage.join_json("/chat?name=ada");
        const auto welcome = take(ada).at(0);
        for (int i = 1; i <= 3; ++i) talker.send(masked_text(fmt::format("{}", i)));
        const auto heard = of_type(take(ada), "message");
        REQUIRE(heard.size() == 3);
        where = fmt::format("since={}&epoch={}", heard[1].at("seq").as_int64(), string(welcome, "epoch"));
      }
      for (int i = 4; i <= 6; ++i) talker.send(masked_text(fmt::format("{}", i)));
      auto ada = stage.join_json("/chat?name=ada&" + where);
      talker.send(masked_text("7"));
      const auto all = take(ada);
      CHECK(all.at(0).at("recovered") == true);
      CHECK(all.at(0).at("seq") == 6);
      CHECK(texts(all) == strings{"3", "4", "5", "6", "7"});
      CHECK(all.size() == 6);  // no notice of those days
      CHECK(stage.count().resumed == 1);
    }
  }
}

TEST_CASE("several who come back at once do not disturb each other, nor those who lag") {
  for (const std::size_t lanes : {1u, 2u}) {
    test::stage stage{{}, lanes};
    auto talker = stage.join("/chat?name=talker");
    auto slow = stage.join_json("/chat?name=slow");
    const auto epoch = string(take(slow).at(0), "epoch");
    slow.set_window(0);
    strings expected;
    for (int i = 1; i <= 5; ++i) {
      talker.send(masked_text(fmt::format("{}", i)));
      expected.push_back(std::to_string(i));
    }
    std::vector<test::peer> back;
    for (int i = 0; i < 4; ++i) {
      back.push_back(stage.join_json(fmt::format("/chat?since={}&epoch={}", i, epoch)));
      talker.send(masked_text(fmt::format("{}", 6 + i)));
      expected.push_back(std::to_string(6 + i));
    }
    for (std::size_t i = 0; i < back.size(); ++i)
      CHECK(texts(take(back[i])) == strings(expected.begin() + static_cast<std::ptrdiff_t>(i), expected.end()));
    slow.set_window(static_cast<std::size_t>(-1));
    CHECK(texts(take(slow)) == expected);
  }
}

TEST_CASE("where the log does not reach back, or is another, nothing is recovered") {
  test::stage stage{{.retain_messages = 2}};
  auto talker = stage.join_json("/chat?name=talker");
  const auto epoch = string(take(talker).at(0), "epoch");
  for (int i = 1; i <= 5; ++i) say(talker, std::to_string(i));
  const auto come_back = [&](const std::string& query) {
    auto p = stage.join_json("/chat?" + query);
    return take(p);
  };
  CHECK(come_back("since=3&epoch=" + epoch).at(0).at("recovered") == true);
  CHECK(texts(come_back("since=3&epoch=" + epoch)) == strings{"4", "5"});
  CHECK(come_back("since=5&epoch=" + epoch).at(0).at("recovered") == true);
  for (const auto& query : {"since=2&epoch=" + epoch, "since=6&epoch=" + epoch, std::string{"since=4&epoch=other"}, std::string{"since=4"}}) {
    const auto all = come_back(query);
    CHECK(all.size() == 1);
    CHECK(all[0].at("recovered") == false);
  }
  CHECK(stage.count().not_resumed == 4);
  CHECK(stage.ask("/chat?since=x", "Sec-WebSocket-Protocol: roomcast.v1").pipe().from_server.starts_with("HTTP/1.1 400 "));
}

TEST_CASE("with the key of its welcome a member takes its name and id from its own ghost, and nobody is told of it") {
  for (const std::size_t lanes : {1u, 2u, 3u}) {
    test::stage stage{{}, lanes};
    auto bob = stage.join_json("/chat?name=bob");
    auto ghost = stage.join_json("/chat");
    const auto was = take(ghost).at(0);
    take(bob);
    CHECK(stage.ask("/chat?name=" + string(was, "name")).pipe().from_server.starts_with("HTTP/1.1 400 "));
    auto back = stage.join_json("/chat?key=" + string(was, "key"));
    const auto is = take(back).at(0);
    CHECK(string(is, "name") == string(was, "name"));
    CHECK(string(is, "id") == string(was, "id"));
    CHECK(is.at("members") == 2);
    CHECK(ghost.take_close() == 4002);
    CHECK(take(bob).empty());
    say(back, "here again", R"(,"ref":"r")");
    CHECK(of_type(take(back), "ack").size() == 1);
    CHECK(string(of_type(take(bob), "message").at(0), "id") == string(was, "id"));
    back.reset();
    stage.pass(6s);
    CHECK(of_type(take(bob), "leave").size() == 1);
    CHECK(stage.count().members == 1);
  }
}

TEST_CASE("a key is good for its own room only, and one that is forged is none") {
  test::stage stage;
  auto ada = stage.join_json("/chat?name=ada");
  const auto welcome = take(ada).at(0);
  auto key = string(welcome, "key");
  auto elsewhere = stage.join_json("/chat/ops?key=" + key);
  CHECK(string(take(elsewhere).at(0), "name") != "ada");
  key[key.size() / 2] = key[key.size() / 2] == 'x' ? 'y' : 'x';
  auto forger = stage.join_json("/chat?key=" + key);
  CHECK(string(take(forger).at(0), "name") != "ada");
  CHECK(ada.take_close() == 0);
}

TEST_CASE("what is no command is answered with an error, and ten on end are too many") {
  test::stage stage;
  auto ada = stage.join_json();
  take(ada);
  for (const auto* const wrong : {"hello", "[]", "{}", R"({"type":"dance","ref":"x"})", R"({"type":"message"})", R"({"type":"message","text":1})",
                                  R"({"type":"message","text":"a","echo":1})", R"({"type":"history","limit":"x"})"}) {
    ada.send(masked_text(wrong));
    const auto all = take(ada);
    REQUIRE(all.size() == 1);
    CHECK(string(all[0], "type") == "error");
    CHECK_FALSE(string(all[0], "message").empty());
  }
  say(ada, "sorry");
  CHECK(texts(take(ada)) == strings{"sorry"});
  for (int i = 0; i < 10; ++i) ada.send(masked_text("{"));
  CHECK(ada.take_close() == 1008);
}

TEST_CASE("a JSON member that skips is told what it has missed") {
  test::stage stage{{.max_lag = 3'000, .slow_reader = slow_reader_policy::skip}};
  auto slow = stage.join_json();
  auto talker = stage.join("/chat?name=talker");
  take(slow);
  slow.set_window(10);
  for (int i = 1; i <= 20; ++i) talker.send(masked_text(fmt::format("{} {}", i, std::string(500, 'x'))));
  slow.set_window(static_cast<std::size_t>(-1));
  const auto all = take(slow);
  std::int64_t next = 1;
  int gaps = 0;
  for (const auto& each : all) {
    if (string(each, "type") == "gap") {
      CHECK(each.at("from") == next);
      next = each.at("to").as_int64() + 1;
      ++gaps;
    } else {
      CHECK(each.at("seq") == next++);
    }
  }
  CHECK(next == 21);
  CHECK(gaps > 0);
}

TEST_CASE("at the end a JSON member is told when to come back, each at another time") {
  test::stage stage;
  auto ada = stage.join_json();
  auto bob = stage.join_json();
  take(ada);
  take(bob);
  stage.stop(10s);
  stage.pass(100ms);
  std::vector<std::int64_t> times;
  for (auto* who : {&ada, &bob}) {
    auto all = who->take_texts();
    REQUIRE(all.size() == 2);
    const auto goodbye = json::parse(all[0]).as_object();
    CHECK(string(goodbye, "type") == "goodbye");
    CHECK(string(goodbye, "reason") == "restart");
    times.push_back(goodbye.at("retry_after_ms").as_int64());
    CHECK(all[1].starts_with("\x03\xf4"));
  }
  CHECK(times[0] != times[1]);
}

TEST_CASE("over its rate a JSON member is told once, and when its messages are read again") {
  test::stage stage{{.rate = 10, .burst = 1}};
  auto ada = stage.join_json();
  take(ada);
  for (int i = 0; i < 5; ++i) ada.queue(masked_text(R"({"type":"message","text":"x"})"));
  stage.pass(2s);
  const auto all = take(ada);
  CHECK(texts(all).size() == 5);
  const auto errors = of_type(all, "error");
  REQUIRE(errors.size() == 1);
  CHECK(string(errors[0], "code") == "rate");
  CHECK(errors[0].at("retry_after_ms").as_int64() > 0);
}

TEST_CASE("one that asks for more than it reads is not read from, and holds little") {
  test::stage stage{{.retain_bytes = 1u << 20}};
  auto talker = stage.join("/chat?name=talker");
  for (int i = 0; i < 20; ++i) talker.send(masked_text(std::string(5'000, 'x')));
  talker.take();
  auto greedy = stage.join_json();
  take(greedy);
  greedy.set_window(0);
  const auto before = stage.hub().shared().memory.held();
  for (int i = 0; i < 1'000; ++i) greedy.send(masked_text(R"({"type":"history"})"));
  CHECK(stage.hub().shared().memory.held() - before < 600'000);
  greedy.set_window(static_cast<std::size_t>(-1));
  std::size_t answers = 0;
  for (int i = 0; i < 2'000 && answers < 1'000; ++i) answers += take(greedy).size();
  CHECK(answers == 1'000);
}

TEST_CASE("a plain-text newcomer is sent the last messages, where that is wanted") {
  for (const std::size_t lanes : {1u, 2u}) {
    test::stage stage{{.format = "{text}", .history = 3}, lanes};
    auto talker = stage.join();
    for (int i = 1; i <= 5; ++i) talker.send(masked_text(std::to_string(i)));
    auto late = stage.join();
    talker.send(masked_text("6"));
    CHECK(late.take_texts() == strings{"3", "4", "5", "6"});
    stage.join("/chat/other");
    auto on_another_lane = stage.join();
    CHECK(on_another_lane.take_texts() == strings{"4", "5", "6"});
  }
}

TEST_CASE("to fill a room does not cost as many frames as the square of its members") {
  constexpr std::size_t many = 5'000 / ROOMCAST_TEST_SCALE;
  constexpr std::size_t limit = 1'000 / ROOMCAST_TEST_SCALE;
  test::stage stage{{.presence_limit = limit}};
  std::vector<test::peer> members;
  std::size_t frames = 0;
  for (std::size_t i = 0; i < many; ++i) {
    members.push_back(stage.join_json());
    if (i % 100 != 0) continue;
    stage.pass(100ms);
    for (auto& each : members) frames += each.take_texts().size();
  }
  stage.pass(1100ms);
  for (auto& each : members) frames += each.take_texts().size();
  MESSAGE(many, " members were sent ", frames, " frames; without a limit it would be ", many * (many + 1) / 2);
  constexpr std::size_t seconds = many / 100 / 10 + 3;
  CHECK(frames < limit * limit / 2 + many + seconds * many);
  CHECK(frames > limit * limit / 2);
}
