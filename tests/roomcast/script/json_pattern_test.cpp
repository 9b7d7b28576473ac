#include "roomcast/script/json_pattern.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace roomcast::script;

namespace {

std::string fault(std::string_view pattern, std::string_view text) {
  variables none;
  return match_json(pattern, text, none).value_or("");
}

}  // namespace

TEST_CASE("a pattern matches what has all that it has") {
  CHECK(fault(R"({"type":"message"})", R"({"type":"message","seq":42})").empty());
  CHECK(fault(R"({"a":{"b":1}})", R"({"a":{"b":1,"c":2},"d":3})").empty());
  CHECK(fault(R"({"a":[{"b":1},2]})", R"({"a":[{"b":1,"c":2},2]})").empty());
  CHECK(fault(R"({})", R"({"a":1})").empty());
}

TEST_CASE("what does not match is told by its place") {
  CHECK(fault(R"({"a":1})", R"({"a":2})") == "it.a is 2, not 1");
  CHECK(fault(R"({"a":1})", R"({"b":1})") == "it has no \"a\"");
  CHECK(fault(R"({"a":[1,2]})", R"({"a":[1]})") == "it.a is [1], not an array of 2");
  CHECK(fault(R"({"a":[1,{"b":2}]})", R"({"a":[1,{"b":3}]})") == "it.a[1].b is 3, not 2");
  CHECK(fault(R"({"a":{}})", R"({"a":"x"})") == "it.a is \"x\", not an object");
  CHECK(fault(R"({"a":1})", "hello").starts_with("it is not JSON"));
  CHECK(fault(R"({"a":})", "{}").starts_with("the pattern is not JSON"));
}

TEST_CASE("a variable takes a value the first time, and is compared after that") {
  variables known;
  CHECK_FALSE(match_json(R"({"seq":$seq,"name":$who})", R"({"seq":42,"name":"ada"})", known));
  CHECK(known == variables{{"seq", "42"}, {"who", "ada"}});
  CHECK_FALSE(match_json(R"({"seq":$seq})", R"({"seq":42})", known));
  CHECK(match_json(R"({"seq":$seq})", R"({"seq":43})", known) == "it.seq is 43, not 42");
  CHECK_FALSE(match_json(R"({"text":"$seq"})", R"({"text":"$seq"})", known));  // in a text it is none
}

TEST_CASE("a pattern that fails sets no variable") {
  variables known;
  CHECK(match_json(R"({"a":$a,"b":1})", R"({"a":1,"b":2})", known));
  CHECK(known.empty());
}

TEST_CASE("variables in a text are replaced") {
  std::string unknown;
  const variables known{{"seq", "42"}};
  CHECK(substitute("/chat?since=$seq&x", known, unknown) == "/chat?since=42&x");
  CHECK(substitute("$$seq $$", known, unknown) == "$seq $");
  CHECK_FALSE(substitute("$epoch", known, unknown));
  CHECK(unknown == "epoch");
}
