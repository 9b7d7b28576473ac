#include "roomcast/wire/json_protocol.hpp"

#include "roomcast/utf8.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

using namespace roomcast;
using namespace std::string_literals;
using namespace std::string_view_literals;
namespace json = wire::json;

namespace {

constexpr auto no_bound = std::numeric_limits<std::uint64_t>::max();

template <class Command>
Command as(std::string_view frame) {
  CAPTURE(frame);
  auto c = json::parse(frame);
  REQUIRE(std::holds_alternative<Command>(c));
  return std::get<Command>(std::move(c));
}

std::string text(std::string_view literal) {
  return as<json::say>(R"({"type":"message","text":)" + std::string{literal} + "}").text;
}

void check_fault(std::string_view frame, std::string_view code, std::string_view named) {
  const auto f = as<json::fault>(frame);
  CAPTURE(frame);
  CAPTURE(f.message);
  CHECK(f.code == code);
  CHECK(f.message.find(named) != std::string::npos);
}

// A command inside which `levels` arrays lie in each other.
std::string nested(std::size_t levels) { return R"({"type":"members","x":)" + std::string(levels, '[') + std::string(levels, ']') + "}"; }

}  // namespace

TEST_CASE("a message is its text, and what else it says") {
  const auto plain = as<json::say>(R"({"type":"message","text":"hi"})");
  CHECK(plain.text == "hi");
  CHECK_FALSE(plain.ref);
  CHECK(plain.echo);
  const auto full = as<json::say>(R"( {"ref":"a1", "echo":false, "text":"hi", "type":"message"} )");
  CHECK(full.text == "hi");
  CHECK(full.ref == "a1");
  CHECK_FALSE(full.echo);
  CHECK(as<json::say>(R"({"type":"message","text":"","echo":true})").echo);
}

TEST_CASE("members and history are asked for") {
  CHECK_FALSE(as<json::members_request>(R"({"type":"members"})").ref);
  CHECK(as<json::members_request>(R"({"type":"members","ref":"b7"})").ref == "b7");
  const auto usual = as<json::history_request>(R"({"type":"history"})");
  CHECK(usual.before == no_bound);
  CHECK(usual.limit == 50);
  CHECK_FALSE(usual.ref);
  const auto full = as<json::history_request>(R"({"type":"history","before":42,"limit":10,"ref":"b8"})");
  CHECK(full.before == 42);
  CHECK(full.limit == 10);
  CHECK(full.ref == "b8");
}

TEST_CASE("a limit is brought within its bounds") {
  const auto limit = [](const std::string& n) { return as<json::history_request>(R"({"type":"history","limit":)" + n + "}").limit; };
  CHECK(limit("-5") == 1);
  CHECK(limit("0") == 1);
  CHECK(limit("1") == 1);
  CHECK(limit("1000") == 1000);
  CHECK(limit("1001") == 1000);
  CHECK(limit("18446744073709551615") == 1000);
}

TEST_CASE("a history may end before any message") {
  const auto before = [](const std::string& n) { return as<json::history_request>(R"({"type":"history","before":)" + n + "}").before; };
  CHECK(before("0") == 0);
  CHECK(before("9223372036854775808") == 9223372036854775808u);
  CHECK(before("18446744073709551615") == 18446744073709551615u);
}

TEST_CASE("a text's escapes are what they stand for") {
  CHECK(text(R"("a\"\\\/\b\f\n\r\tz")") == "a\"\\/\b\f\n\r\tz");
  CHECK(text(R"("\u0041\u00e9\u20AC\ud83d\ude00")") == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(text(R"("a\u0000b")") == "a\0b"sv);
  CHECK(text("\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"") == "\xc3\xa9\xf0\x9f\x98\x80\x7f");
}

TEST_CASE("long texts are whole, with and without escapes") {
  const std::string plain(200'000, 'x');
  CHECK(text("\"" + plain + "\"") == plain);
  std::string escaped, meant;
  for (int i = 0; i < 20'000; ++i) {
    escaped += R"(ab\u00e9\n\ud83d\ude00)";
    meant += "ab\xc3\xa9\n\xf0\x9f\x98\x80";
  }
  CHECK(text("\"" + escaped + "\"") == meant);
}

TEST_CASE("half of a surrogate pair is no text") {
  for (const auto bad : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\ud800")", R"("\udc00\ud800")", R"("\ud800\n")",
                         R"("\ud83d\u0041")", R"("long enough for every way to read it: \ud800 and more of it")", R"("\uDBFF")"})
    check_fault(R"({"type":"message","text":)" + std::string{bad} + "}", "bad_json", "JSON");
}

TEST_CASE("what is accepted is valid UTF-8, wherever an escape stands") {
  for (std::size_t at = 4080; at < 4110; ++at) {
    const std::string t = text("\"\\n" + std::string(at, 'x') + R"(\ud83d\ude00\u20ac")");
    CHECK(is_utf8(t));
    CHECK(t.ends_with("x\xf0\x9f\x98\x80\xe2\x82\xac"));
  }
}

TEST_CASE("other fields are nobody's business") {
  CHECK(as<json::say>(R"({"type":"message","text":"hi","x":null,"y":[1,{"text":"no","type":4}],"before":"?","limit":{}})").text == "hi");
  CHECK(as<json::members_request>(R"({"type":"members","text":5,"echo":"no"})").ref == std::nullopt);
  CHECK(as<json::history_request>(R"({"type":"history","beforehand":1,"before_":2,"befor":3})").before == no_bound);
  CHECK(as<json::say>(R"({"type":"message","text":"hi","textual":1,"tex":2,"Text":3,"":4,"text\u0000":5,"refreference":6})").text == "hi");
}

TEST_CASE("a key may be written with escapes") {
  CHECK(as<json::say>(R"({"\u0074ype":"message","te\u0078t":"hi"})").text == "hi");
}

TEST_CASE("fields of other objects do not count") {
  check_fault(R"({"type":"message","x":{"text":"hi"}})", "bad_field", "\"text\"");
  CHECK(as<json::say>(R"({"type":"message","text":"hi","x":{"text":"no"}})").text == "hi");
  CHECK(as<json::say>(R"({"type":"message","x":[],"text":"hi"})").text == "hi");
}

TEST_CASE("of a field that comes twice the last counts") {
  CHECK(as<json::say>(R"({"type":"message","text":"one","text":"two"})").text == "two");
  CHECK(as<json::say>(R"({"type":"members","type":"message","text":[],"text":"two"})").text == "two");
  CHECK(as<json::say>(R"({"type":"message","text":"x","echo":false,"echo":true})").echo);
  CHECK(as<json::say>(R"({"type":"message","text":"x","ref":5,"ref":"a"})").ref == "a");
  check_fault(R"({"type":"message","text":"one","text":2})", "bad_field", "\"text\"");
  check_fault(R"({"type":"message","text":"one","text":{}})", "bad_field", "\"text\"");
}

TEST_CASE("what is not one JSON object is refused") {
  for (const auto bad : {"", " ", "hi", "{", "}", "[]", "[{\"type\":\"members\"}]", "null", "5", "\"members\"", R"({"type":"members")",
                         R"({"type":"members",})", R"({"type":"members"}{})", R"({"type":"members"} x)", R"({'type':'members'})",
                         R"({type:"members"})", R"(/**/{"type":"members"})", R"({"type":"members","x":01})",
                         R"({"type":"members","x":NaN})", "{\"type\":\"message\",\"text\":\"a\nb\"}",
                         "{\"type\":\"message\",\"text\":\"\xff\"}", "\xef\xbb\xbf{\"type\":\"members\"}"}) {
    check_fault(bad, "bad_json", "JSON object");
    CHECK_FALSE(as<json::fault>(bad).ref);
  }
  check_fault(""sv, "bad_json", "JSON object");
  check_fault("{\"type\":\"members\"}\0"sv, "bad_json", "JSON object");
}

TEST_CASE("nesting is bounded") {
  CHECK_FALSE(as<json::members_request>(nested(7)).ref);
  check_fault(nested(8), "bad_json", "nested too deep");
  check_fault(std::string(60'000, '['), "bad_json", "nested too deep");
}

TEST_CASE("a type that there is not is told from one that cannot be") {
  for (const auto unknown : {R"({})", R"({"type":"massage"})", R"({"type":""})", R"({"type":"Message"})", R"({"type":"message\u0000"})",
                             R"({"text":"hi"})"})
    check_fault(unknown, "unknown_type", R"("type" has to be "message", "members" or "history")");
  check_fault(R"({"type":)" + std::string(1, '"') + std::string(5000, 'x') + "\"}", "unknown_type", "\"type\"");
  for (const auto bad : {R"({"type":5})", R"({"type":null})", R"({"type":["message"]})", R"({"type":{"type":"message"}})"})
    check_fault(bad, "bad_field", "\"type\"");
}

TEST_CASE("a field that cannot be is named, with what it has to be") {
  for (const auto bad : {"5", "null", "true", "[\"hi\"]", "{\"text\":\"hi\"}"})
    check_fault(R"({"type":"message","text":)" + std::string{bad} + "}", "bad_field", "\"text\" has to be there, and a string");
  check_fault(R"({"type":"message"})", "bad_field", "\"text\"");
  for (const auto bad : {"\"no\"", "0", "null", "[]"})
    check_fault(R"({"type":"message","text":"hi","echo":)" + std::string{bad} + "}", "bad_field", "\"echo\" has to be true or false");
  for (const auto bad : {"-1", "1.5", "1e2", "18446744073709551616", "\"1\"", "null", "true", "[1]"})
    check_fault(R"({"type":"history","before":)" + std::string{bad} + "}", "bad_field", "\"before\" has to be a whole number");
  for (const auto bad : {"1.5", "\"1\"", "null", "{}"})
    check_fault(R"({"type":"history","limit":)" + std::string{bad} + "}", "bad_field", "\"limit\" has to be a whole number");
}

TEST_CASE("a ref is a string of at most 64 bytes") {
  const auto with_ref = [](std::string_view type, std::string_view ref) {
    return R"({"type":")" + std::string{type} + R"(","text":"hi","ref":)" + std::string{ref} + "}";
  };
  const auto quoted = [](std::string_view s) { return std::string(1, '"').append(s).append(1, '"'); };
  const std::string longest(64, 'r');
  CHECK(as<json::say>(with_ref("message", quoted(longest))).ref == longest);
  CHECK(as<json::say>(with_ref("message", quoted(""))).ref == "");
  const std::string with_escape = std::string(31, 'r') + R"(\u20ac)" + std::string(31, 'r');  // 65 bytes
  for (const auto type : {"message", "members", "history"}) {
    for (const std::string& bad : {quoted(longest + "r"), quoted(std::string(9000, 'r')), quoted(with_escape), "5"s, "null"s}) {
      check_fault(with_ref(type, bad), "bad_field", "\"ref\" has to be a string of at most 64 bytes");
      CHECK_FALSE(as<json::fault>(with_ref(type, bad)).ref);
    }
  }
}

TEST_CASE("a fault has the ref of what it answers, if that has one") {
  CHECK(as<json::fault>(R"({"type":"massage","ref":"a1"})").ref == "a1");
  CHECK(as<json::fault>(R"({"type":5,"ref":"a1"})").ref == "a1");
  CHECK(as<json::fault>(R"({"type":"message","ref":"a1"})").ref == "a1");
  CHECK(as<json::fault>(R"({"ref":"a1","type":"history","before":-1})").ref == "a1");
  CHECK_FALSE(as<json::fault>(R"({"ref":5,"type":"massage"})").ref);
  CHECK_FALSE(as<json::fault>(R"({"ref":"a1","type":"message","text":"hi")").ref);
}

TEST_CASE("numbers that are too large for anything are refused") {
  for (const auto number : {"1e400", "-1e400", "1e-400", "1e99999999999", "0.0000000000000001e2147483647", "123456789012345678901"})
    CHECK(std::holds_alternative<json::fault>(json::parse(R"({"type":"history","limit":)" + std::string{number} + "}")));
}

TEST_CASE("a publication has a text, and nothing else") {
  const auto text_of = [](std::string_view body) { return std::get<std::string>(json::parse_publication(body)); };
  const auto code_of = [](std::string_view body) { return std::get<json::fault>(json::parse_publication(body)).code; };
  CHECK(text_of(R"({"text":"hi \u20ac"})") == "hi €");
  CHECK(text_of(R"({"text":""})") == "");
  for (const std::string other : {"name", "type", "ref", "echo", "before", "limit", "", "a name that is very long"}) {
    CHECK(code_of(R"({"text":"hi",")" + other + R"(":null})") == "bad_field");
    CHECK(code_of(R"({")" + other + R"(":1,"text":"hi"})") == "bad_field");
  }
  for (const auto body : {"{}", R"({"text":1})", R"({"text":null})", R"({"text":["hi"]})", R"({"text":{"text":"hi"}})"}) CHECK(code_of(body) == "bad_field");
  for (const auto body : {"", "hi", "[]", "\"hi\"", R"({"text":"hi"}{})", R"({"text":"hi",})", "{\"text\":\"\xff\"}"}) CHECK(code_of(body) == "bad_json");
}
