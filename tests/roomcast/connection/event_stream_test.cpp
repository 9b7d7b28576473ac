#include "json_frames.hpp"
#include "manual_store.hpp"
#include "stage.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace roomcast;
using namespace std::chrono_literals;
using test::masked_text;

namespace {

struct event {
  std::string type = "message";
  std::string id;
  std::string retry;
  boost::json::object data;
};

// What a browser makes of the stream. An event's fields have one line each here.
std::vector<event> events_of(std::string_view stream) {
  std::vector<event> all;
  event next;
  for (std::size_t end = 0; (end = stream.find('\n')) != stream.npos; stream.remove_prefix(end + 1)) {
    const std::string_view line = stream.substr(0, end);
    const auto colon = line.find(": ");
    if (line.empty()) {
      if (!next.data.empty()) all.push_back(next);
      next = {};
    } else if (colon != line.npos) {
      const std::string_view name = line.substr(0, colon), value = line.substr(colon + 2);
      if (name == "event") next.type = value;
      if (name == "id") next.id = value;
      if (name == "retry") next.retry = value;
      if (name == "data") next.data = boost::json::parse(value).as_object();
    }
  }
  CHECK(stream.empty());
  return all;
}

std::vector<std::string> texts(const std::vector<event>& all) {
  std::vector<std::string> found;
  for (const auto& each : all)
    if (each.type == "message") found.push_back(test::string(each.data, "text"));
  return found;
}

upgrade_request request_for_events(const std::string& target, std::string_view last_id = {}) {
  upgrade_request r{boost::beast::http::verb::get, target, 11};
  r.set("Host", "example.org");
  r.set("Accept", "text/event-stream");
  if (!last_id.empty()) r.set("Last-Event-ID", last_id);
  return r;
}

// The head of the answer is taken from what has come.
test::peer read(test::stage& s, const std::string& target = "/chat", std::string_view last_id = {}) {
  auto reader = s.ask(request_for_events(target, last_id));
  const auto head = reader.take_head(200);
  REQUIRE(head.find("Content-Type: text/event-stream\r\n") != head.npos);
  return reader;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("who reads events hears what members say, in JSON, with the sequence number as the event's id") {
  for (const std::size_t lanes : {1u, 2u}) {
    test::stage stage{{}, lanes};
    auto ada = stage.join("/chat?name=ada");
    auto reader = read(stage);
    auto all = events_of(reader.take());
    REQUIRE(all.size() == 1);
    CHECK(all[0].type == "welcome");
    CHECK(all[0].id == "0");
    CHECK(test::string(all[0].data, "room") == "lobby");
    CHECK_FALSE(test::string(all[0].data, "epoch").empty());
    CHECK(all[0].data.at("members") == 1);
    ada.send(masked_text("hi\n\"you\""));
    ada.send(masked_text("there"));
    all = events_of(reader.take());
    REQUIRE(all.size() == 2);
    CHECK(all[0].type == "message");
    CHECK(all[0].id == "1");
    CHECK(test::string(all[0].data, "type") == "message");
    CHECK(test::string(all[0].data, "name") == "ada");
    CHECK(test::string(all[0].data, "text") == "hi\n\"you\"");
    CHECK(all[0].data.at("seq") == 1);
    CHECK(all[1].id == "2");
    CHECK(ada.take_texts().size() == 2);
  }
}

TEST_CASE("who only reads is no member that others are told of, and is none of binary messages") {
  test::stage stage{{.binary = binary_policy::relay}};
  auto ada = stage.join_json("/chat?name=ada");
  test::take_frames(ada);
  auto reader = read(stage);
  reader.take();
  CHECK(test::take_frames(ada).empty());
  ada.send(masked_text(R"({"type":"members","ref":"m"})"));
  const auto told = test::take_frames(ada);
  REQUIRE(told.size() == 1);
  CHECK(told[0].at("count") == 1);
  CHECK(told[0].at("members").as_array().size() == 1);
  ada.send(test::masked(0x82, "\x01\x02"));
  test::say(ada, "text");
  CHECK(texts(events_of(reader.take())) == strings{"text"});
  reader.end();
  CHECK(reader.is_gone());
  CHECK(stage.count().members == 1);
}

TEST_CASE("who comes back with its last event's id gets what it has missed") {
  for (const bool is_stored : {false, true}) {
    const auto disk = std::make_shared<test::manual_disk>();
    test::stage stage{{.retain_messages = is_stored ? 2u : 256u}, 1, is_stored ? std::make_unique<test::manual_store>(disk) : nullptr};
    auto ada = stage.join("/chat?name=ada");
    for (int i = 1; i <= 9; ++i) {
      ada.send(masked_text(fmt::format("{}", i)));
      while (disk->waiting() != 0) {
        disk->store_next();
        stage.settle();
      }
    }
    auto reader = read(stage, "/chat", "4");
    auto all = events_of(reader.take());
    CHECK(all.front().data.at("recovered") == true);
    CHECK(all.front().id == "4");
    CHECK(texts(all) == strings{"5", "6", "7", "8", "9"});
    const auto epoch = test::string(all.front().data, "epoch");
    auto by_query = read(stage, "/chat?since=8&epoch=" + epoch);
    CHECK(texts(events_of(by_query.take())) == strings{"9"});
    for (const auto& [target, id] : {std::pair{"/chat", "10"}, {"/chat?epoch=another", "4"}}) {
      auto lost = read(stage, target, id);
      all = events_of(lost.take());
      CHECK(all.front().data.at("recovered") == false);
      CHECK(all.front().id == "9");
      CHECK(texts(all).empty());
    }
  }
}

TEST_CASE("a reader of events is sent the last messages where plain-text members are") {
  test::stage stage{{.history = 2}};
  auto ada = stage.join("/chat?name=ada");
  for (const auto* text : {"one", "two", "three"}) ada.send(masked_text(text));
  auto reader = read(stage);
  CHECK(texts(events_of(reader.take())) == strings{"two", "three"});
}

TEST_CASE("an id that is no sequence number is refused, and so is a page of elsewhere") {
  test::stage stage{{.allow_origins = {"https://friend.example"}}};
  for (const auto* id : {"x", "1x", "-1", "18446744073709551616"}) {
    auto reader = stage.ask(request_for_events("/chat", id));
    CHECK(reader.take().starts_with("HTTP/1.1 400 "));
  }
  auto request = request_for_events("/chat");
  request.set("Origin", "https://evil.example");
  CHECK(stage.ask(request).take().starts_with("HTTP/1.1 403 "));
  request.set("Origin", "https://friend.example");
  const auto answer = stage.ask(request).take();
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(answer.find("Access-Control-Allow-Origin: https://friend.example\r\n") != answer.npos);
  for (const auto& [accept, status] : {std::pair{"*/*", "426"}, {"application/text/event-streamx", "426"}, {"a/b, Text/Event-Stream;q=1", "200"}}) {
    auto other = request_for_events("/chat");
    other.set("Accept", accept);
    CHECK(stage.ask(other).take().starts_with(std::string{"HTTP/1.1 "} + status));
  }
}

TEST_CASE("a silent room sends comments, which nobody has to answer") {
  test::stage stage{{.ping_interval = 1s, .pong_timeout = 1s}};
  auto reader = read(stage);
  reader.take();
  stage.pass(10s);
  const auto came = reader.take();
  CHECK(came.size() >= 9 * 3);
  CHECK(came.find_first_not_of(":\n") == came.npos);
  CHECK_FALSE(reader.is_gone());
}

TEST_CASE("what a reader of events says is discarded") {
  test::stage stage;
  auto ada = stage.join("/chat?name=ada");
  auto reader = read(stage);
  reader.take();
  for (int i = 0; i < 100; ++i) reader.send(std::string(10'000, 'x'));
  CHECK(ada.take().empty());
  ada.send(masked_text("hi"));
  CHECK(texts(events_of(reader.take())) == strings{"hi"});
}

TEST_CASE("a slow reader of events is closed, or told of the gap") {
  for (const auto policy : {slow_reader_policy::close, slow_reader_policy::skip}) {
    test::stage stage{{.max_lag = 4096, .slow_reader = policy}};
    auto ada = stage.join("/chat?name=ada");
    auto reader = read(stage);
    reader.take();
    reader.set_window(300);
    for (int i = 0; i < 100; ++i) {
      ada.send(masked_text(fmt::format("{} {}", i, std::string(100, 'x'))));
      ada.take();
    }
    reader.set_window(std::string::npos);
    std::string stream = reader.take();
    for (std::string more; !(more = reader.take()).empty();) stream += more;
    if (policy == slow_reader_policy::close) {
      CHECK(stage.count().slow_readers_closed == 1);
      CHECK(stream.find("\x88") == stream.npos);
      CHECK(reader.pipe().server_ended);
    } else {
      const auto all = events_of(stream);
      CHECK(std::any_of(all.begin(), all.end(), [](const event& e) { return e.type == "gap" && e.data.at("from").is_int64(); }));
      CHECK(texts(all).back().starts_with("99 "));
    }
  }
}

TEST_CASE("a stop tells readers of events when to come back") {
  test::stage stage;
  auto ada = stage.join("/chat?name=ada");
  auto reader = read(stage);
  reader.take();
  ada.send(masked_text("last words"));
  const auto stopped = stage.stop(10s);
  stage.pass(100ms);
  const auto all = events_of(reader.take());
  REQUIRE(all.size() == 2);
  CHECK(texts(all) == strings{"last words"});
  CHECK(all[1].type == "goodbye");
  CHECK(std::stoi(all[1].retry) > 0);
  CHECK(reader.pipe().server_ended);
  reader.end();
  ada.end();
  stage.pass(100ms);
  CHECK(*stopped);
}
