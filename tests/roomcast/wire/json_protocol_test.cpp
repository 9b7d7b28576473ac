#include "roomcast/wire/json_protocol.hpp"

#include "roomcast/wire/frame.hpp"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <span>
#include <string>
#include <string_view>

using namespace roomcast;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
namespace json = wire::json;

namespace {

// What `frame` carries, if it is one whole text frame of a server's; its header has to have the shortest form.
std::string payload(std::string_view frame) {
  const auto header = wire::parse_header(std::as_bytes(std::span{frame}));
  REQUIRE(header);
  CHECK(header->op == wire::opcode::text);
  CHECK(header->fin);
  CHECK_FALSE(header->masked);
  CHECK(header->payload == frame.size() - header->size);
  CHECK(header->size == wire::header_size(header->payload));
  return std::string{frame.substr(header->size)};
}

template <class Append>
std::string appended(Append append) {
  std::pmr::string out = "before";
  append(out);
  CHECK(out.starts_with("before"));
  return payload(std::string_view{out}.substr(6));
}

std::string of_message(const wire::message& m) {
  return appended([&](std::pmr::string& out) { json::append_message(out, m); });
}

const wire::message hello{.seq = 42,
                          .sender = 3,
                          .id = 17,
                          .room = "lobby",
                          .name = "user0",
                          .text = "hi",
                          .time = std::chrono::system_clock::time_point{1'795'448'400'123ms}};

std::string of_text(std::string_view text) {
  wire::message m = hello;
  m.text = text;
  const std::string all = of_message(m);
  constexpr std::string_view before = R"({"type":"message","seq":42,"id":"c17","name":"user0","time":"2026-11-23T15:40:00.123Z","text":)";
  REQUIRE(all.starts_with(before));
  REQUIRE(all.ends_with('}'));
  return all.substr(before.size(), all.size() - before.size() - 1);
}

}  // namespace

TEST_CASE("a message says who said what, when, and where in the order") {
  CHECK(of_message(hello) == R"({"type":"message","seq":42,"id":"c17","name":"user0","time":"2026-11-23T15:40:00.123Z","text":"hi"})");
}

TEST_CASE("a message of one who is no member is the server's") {
  wire::message m = hello;
  m.sender = m.id = 0;
  m.name = "server";
  CHECK(of_message(m).find(R"("id":"c0","name":"server")") != std::string::npos);
}

TEST_CASE("the largest numbers are written as they are") {
  wire::message m = hello;
  m.seq = m.id = std::numeric_limits<std::uint64_t>::max();
  CHECK(of_message(m).find(R"("seq":18446744073709551615,"id":"c18446744073709551615")") != std::string::npos);
}

TEST_CASE("a binary message is its own bytes in a binary frame") {
  wire::message m = hello;
  m.text = "\xff\"";
  m.binary = true;
  std::pmr::string out;
  json::append_message(out, m);
  CHECK(out == "\x82\x02\xff\"");
}

TEST_CASE("what cannot stand in a string is escaped") {
  CHECK(of_text(R"(say "hi")") == R"("say \"hi\"")");
  CHECK(of_text(R"(C:\)") == R"("C:\\")");
  CHECK(of_text("a\nb\r\tc") == R"("a\nb\r\tc")");
  CHECK(of_text("\x00\x01\x08\x0c\x1f\x20"sv) == R"("\u0000\u0001\u0008\u000c\u001f ")");
  CHECK(of_text("") == R"("")");
}

TEST_CASE("what can stand in a string is not touched") {
  const auto text = "a/b </script> \x7f \xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80 {}[]'"sv;
  CHECK(of_text(text) == "\"" + std::string{text} + "\"");
}

TEST_CASE("whatever has to be escaped is found anywhere in a text") {
  for (int c = 0; c < 0x80; ++c) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'x');
      text[at] = static_cast<char>(c);
      const std::string written = of_text(text);
      CAPTURE(c);
      CAPTURE(at);
      CHECK(boost::json::parse(written).as_string() == text);
      CHECK((written.size() == text.size() + 2) == (c >= 0x20 && c != '"' && c != '\\'));
    }
  }
}

TEST_CASE("names are escaped, too") {
  wire::message m = hello;
  m.name = R"("\)";
  CHECK(of_message(m).find(R"("name":"\"\\")") != std::string::npos);
  CHECK(appended([](auto& out) { json::append_join(out, 1, "\""); }) == R"({"type":"join","id":"c1","name":"\""})");
}

TEST_CASE("a frame's header has the right length, whatever the escapes add") {
  const std::size_t overhead = of_message(hello).size() - hello.text.size();
  for (const std::size_t edge : {std::size_t{126}, std::size_t{65536}}) {
    for (std::size_t size = edge - 6; size <= edge + 2; ++size) {
      const std::string plain(size - overhead, 'x');
      CHECK(of_text(plain) == "\"" + plain + "\"");
      std::string special = plain;
      special.front() = special.back() = '\x01';
      CHECK(boost::json::parse(of_text(special)).as_string() == special);
    }
  }
  const std::string worst(60'000, '\x01');
  CHECK(of_text(worst).size() == 2 + 6 * worst.size());
}

TEST_CASE("members are told of who comes and goes, or of how many there are") {
  CHECK(appended([](auto& out) { json::append_join(out, 18, "ada"); }) == R"({"type":"join","id":"c18","name":"ada"})");
  CHECK(appended([](auto& out) { json::append_leave(out, 18, "ada"); }) == R"({"type":"leave","id":"c18","name":"ada"})");
  CHECK(appended([](auto& out) { json::append_presence(out, 5000); }) == R"({"type":"presence","members":5000})");
}

TEST_CASE("a welcome says all that a member has to know") {
  json::welcome w{.id = 17, .name = "user0", .room = "ops", .epoch = "k3f9", .seq = 41, .recovered = true, .members = 3, .key = "kk"};
  CHECK(payload(json::make_welcome(w)) == R"({"type":"welcome","id":"c17","name":"user0","room":"ops","epoch":"k3f9",)"
                                          R"("seq":41,"recovered":true,"members":3,"key":"kk"})");
  w.recovered = false;
  CHECK(payload(json::make_welcome(w)).find(R"("recovered":false)") != std::string::npos);
}

TEST_CASE("short answers are what they are") {
  CHECK(payload(json::make_ack("a1", 42)) == R"({"type":"ack","ref":"a1","seq":42})");
  CHECK(payload(json::make_ack("\"", 1)) == R"({"type":"ack","ref":"\"","seq":1})");
  CHECK(payload(json::make_gap(50, 91)) == R"({"type":"gap","from":50,"to":91})");
  CHECK(payload(json::make_goodbye("restart", 1830ms)) == R"({"type":"goodbye","reason":"restart","retry_after_ms":1830})");
}

TEST_CASE("an error tells only what there is to tell") {
  CHECK(payload(json::make_error({.code = "bad_json", .message = "a \"}\""})) ==
        R"({"type":"error","code":"bad_json","message":"a \"}\""})");
  CHECK(payload(json::make_error({.ref = "a1", .code = "rate", .message = "later", .retry_after = 250ms})) ==
        R"({"type":"error","ref":"a1","code":"rate","message":"later","retry_after_ms":250})");
}

TEST_CASE("a list of members is as long as what was added, and counts all") {
  json::members_writer none{{}};
  CHECK(payload(none.finish(7)) == R"({"type":"members","count":7,"members":[]})");
  json::members_writer two{"b7"};
  two.add(17, "user0");
  two.add(18, "a\"");
  CHECK(payload(two.finish(2)) ==
        R"({"type":"members","ref":"b7","count":2,"members":[{"id":"c17","name":"user0"},{"id":"c18","name":"a\""}]})");
}

TEST_CASE("a history's messages are those that were added") {
  json::history_writer none{"b8"};
  CHECK(payload(none.finish(true)) == R"({"type":"history","ref":"b8","messages":[],"complete":true})");
  json::history_writer two{{}};
  two.add(hello);
  wire::message next = hello;
  next.seq = 43;
  next.text = "[";
  two.add(next);
  CHECK(payload(two.finish(false)) ==
        R"({"type":"history","messages":[{"seq":42,"id":"c17","name":"user0","time":"2026-11-23T15:40:00.123Z","text":"hi"},)"
        R"({"seq":43,"id":"c17","name":"user0","time":"2026-11-23T15:40:00.123Z","text":"["}],"complete":false})");
}

TEST_CASE("a long history is one frame") {
  const std::string text(1000, 'x');
  wire::message m = hello;
  m.text = text;
  json::history_writer list{{}};
  for (m.seq = 1; m.seq <= 100; ++m.seq) list.add(m);
  const auto read = boost::json::parse(payload(list.finish(true)));
  REQUIRE(read.at("messages").as_array().size() == 100);
  CHECK(read.at("messages").at(99).at("seq") == 100);
}
