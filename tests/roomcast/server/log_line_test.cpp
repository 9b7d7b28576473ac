#include "roomcast/server/log_line.hpp"

#include "roomcast/utf8.hpp"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace roomcast;
using namespace std::chrono_literals;
using server::log_format;
using server::log_text;

namespace {

const access_record hostile{.from = "127.0.0.1",
                            .method = "GET",
                            .path = "/a\"b\\\xff\r\n\x1b[31m status=200",
                            .status = 404};

const access_record member{.from = "::1",
                           .method = "GET",
                           .path = "/chat/ops",
                           .status = 101,
                           .room = "ops",
                           .name = "a\"d\u202ea",
                           .close_code = 1001,
                           .duration = 12'340ms};

}  // namespace

TEST_CASE("a string of JSON is one visible line, whatever is in it") {
  CHECK(server::quote_json("plain, 名前 😀") == "\"plain, 名前 😀\"");
  CHECK(server::quote_json("\"\\\n\x7f") == R"("\"\\\u000a\u007f")");
  CHECK(server::quote_json(std::string_view{"\0", 1}) == R"("\u0000")");
  CHECK(server::quote_json("\xc3(\xff") == "\"\ufffd(\ufffd\"");
  CHECK(server::quote_json("\u2028\u202e\U000e0001") == R"("\u2028\u202e\udb40\udc01")");
}

TEST_CASE("any bytes become JSON that says the same, as far as they are UTF-8") {
  std::mt19937 random{1};
  for (int i = 0; i < 2000; ++i) {
    std::string text(random() % 40, '\0');
    // Half of it is such as bytes go wrong with.
    for (char& c : text) c = static_cast<char>(random() % 2 ? random() % 256 : "\"\\\n\xe2\x80\xa8\xf0\x9f"[random() % 8]);
    const auto line = server::quote_json(text);
    REQUIRE(is_utf8(line));
    REQUIRE(line.find('\n') == line.npos);
    const auto read = boost::json::parse(line).as_string();
    if (is_utf8(text)) REQUIRE(std::string_view{read} == text);
  }
}

TEST_CASE("a request is a line, in either format") {
  CHECK(log_text(hostile, log_format::text) == R"(answered from="127.0.0.1" method="GET" path="/a\"b\\\xff\x0d\x0a\x1b[31m status=200" status=404)");
  CHECK(log_text(hostile, log_format::json) ==
        "\"message\":\"answered\",\"from\":\"127.0.0.1\",\"method\":\"GET\",\"path\":\"/a\\\"b\\\\\ufffd\\u000d\\u000a\\u001b[31m status=200\",\"status\":404");
}

TEST_CASE("a member that has left is a line, in either format") {
  CHECK(log_text(member, log_format::text) ==
        R"(left from="::1" method="GET" path="/chat/ops" status=101 room="ops" name="a\"d\xe2\x80\xaea" close=1001 seconds=12.34)");
  CHECK(log_text(member, log_format::json) ==
        R"("message":"left","from":"::1","method":"GET","path":"/chat/ops","status":101,"room":"ops","name":"a\"d\u202ea","close":1001,"seconds":12.34)");
}

TEST_CASE("an event is its message") {
  CHECK(log_text("stopping", log_format::text) == "stopping");
  CHECK(log_text("say \"hi\"", log_format::json) == R"("message":"say \"hi\"")");
}
