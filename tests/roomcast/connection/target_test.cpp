#include "roomcast/connection/target.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace roomcast;

TEST_CASE("a target is a path and a query") {
  const auto t = parse_target("/chat/ops?name=ada&x=%20");
  REQUIRE(t);
  CHECK(t->path == "/chat/ops");
  CHECK(t->query == "name=ada&x=%20");
  CHECK(parse_target("/chat")->query.empty());
  CHECK_FALSE(parse_target("*"));
  CHECK_FALSE(parse_target(""));
  CHECK(parse_target("http://example.org/chat?x")->path == "/chat");
  CHECK_FALSE(parse_target("http://example.org"));
  CHECK_FALSE(parse_target("example.org:80"));
}

TEST_CASE("percent-encoding is decoded once, or refused") {
  CHECK(percent_decode("a%20b%2fc%2F") == "a b/c/");
  CHECK(percent_decode("%2520") == "%20");
  CHECK(percent_decode("a+b") == "a+b");
  CHECK(percent_decode("a+b%2B", true) == "a b+");
  for (const auto* bad : {"%", "%2", "%zz", "%2z", "a%", "%-1", "% 1", "%+1"}) {
    CAPTURE(bad);
    CHECK_FALSE(percent_decode(bad));
  }
}

TEST_CASE("a parameter is found by its whole name, the first of several") {
  CHECK(find_parameter("name=ada", "name") == "ada");
  CHECK(find_parameter("x=1&name=ada&name=bob", "name") == "ada");
  CHECK(find_parameter("name", "name") == "");
  CHECK(find_parameter("name=", "name") == "");
  CHECK(find_parameter("name=a=b", "name") == "a=b");
  CHECK_FALSE(find_parameter("nickname=ada", "name"));
  CHECK_FALSE(find_parameter("names=ada", "name"));
  CHECK_FALSE(find_parameter("", "name"));
  CHECK_FALSE(find_parameter("&&&", "name"));
}
