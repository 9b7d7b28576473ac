#include "roomcast/script/script.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

using namespace roomcast::script;
using namespace std::chrono_literals;
using verb = step::verb;

namespace {

step one(const std::string& line) {
  const auto parsed = parse(line);
  if (const auto* const e = std::get_if<parse_error>(&parsed)) {
    FAIL(line << ": " << e->what);
    return {};
  }
  const auto& steps = std::get<script>(parsed).steps;
  REQUIRE(steps.size() == 1);
  return steps[0];
}

std::string error(const std::string& text) {
  const auto parsed = parse(text);
  const auto* const e = std::get_if<parse_error>(&parsed);
  return e ? std::to_string(e->line) + ":" + std::to_string(e->column) + ": " + e->what : "";
}

}  // namespace

TEST_CASE("each verb is read with what belongs to it") {
  CHECK(one("ada connects /chat?name=ada").what == verb::connects);
  CHECK(one("ada connects /chat?name=ada").text == "/chat?name=ada");
  CHECK(one("ada connects ws://host:1/x").text == "ws://host:1/x");
  CHECK(one("ada connects /chat with \"Origin: x\" with \"A: b\"").list == std::vector<std::string>{"Origin: x", "A: b"});
  CHECK(one("ada is refused with 403").number == 403);
  CHECK(one("ada sends \"hi\"").text == "hi");
  CHECK(one("ada sends 20 times \"hi\"").times == 20);
  CHECK(one("ada sends json {\"a\": {\"b\": \"}\"}} # so").text == "{\"a\": {\"b\": \"}\"}}");
  CHECK(one("ada sends raw 81 02 4869").text == "\x81\x02Hi");
  CHECK(one("ada sends fragments \"a\" \"\" \"c\"").list == std::vector<std::string>{"a", "", "c"});
  CHECK(one("ada sends ping").text.empty());
  CHECK(one("ada sends ping \"x\"").text == "x");
  CHECK(one("ada receives \"hi\"").what == verb::receives_text);
  CHECK(one("ada receives json {\"seq\": $n}").text == "{\"seq\": $n}");
  CHECK(one("ada receives matching /^a\\/b [0-9]+$/").text == "^a/b [0-9]+$");
  CHECK(one("ada receives pong \"x\"").what == verb::receives_pong);
  CHECK(one("ada receives nothing for 200ms").time == 200ms);
  CHECK(one("ada stops reading").what == verb::stops_reading);
  CHECK(one("ada reads on").what == verb::reads_on);
  CHECK(one("ada leaves").what == verb::leaves);
  CHECK(one("ada closes with 4000 \"bye\"").text == "bye");
  CHECK(one("ada ends").what == verb::ends);
  CHECK(one("ada resets").what == verb::resets);
  CHECK(one("ada is closed with 1002").number == 1002);
  CHECK(one("ada is dropped").what == verb::is_dropped);
  CHECK(one("server stops").what == verb::server_stops);
  CHECK(one("server ends with status 0").number == 0);
}

TEST_CASE("a wait has two seconds, unless the step says otherwise") {
  CHECK(one("ada receives \"hi\"").time == 2s);
  CHECK(one("ada receives \"hi\" within 5s").time == 5s);
  CHECK(one("ada is closed with 1000 within 300ms").time == 300ms);
}

TEST_CASE("a crowd connects by its number, and acts as one or as all") {
  CHECK(one("crowd 100 connects /chat").which == 100);
  CHECK(one("crowd 7 sends \"x\"").which == 7);
  const auto all = one("crowd all receive \"x\"");
  CHECK(all.which == 0);
  CHECK(all.what == verb::receives_text);
  CHECK(one("crowd all are closed with 1012").what == verb::is_closed);
}

TEST_CASE("comments, blank lines and line ends are no steps") {
  const auto parsed = parse("# a comment\n\n  \t\n\r\nada leaves # now\r\n  bob leaves\n");
  const auto& steps = std::get<script>(parsed).steps;
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].line == 5);
  CHECK(steps[1].who == "bob");
  CHECK(one("ada sends \"# no comment\"").text == "# no comment");
  CHECK(one("ada connects /chat#x").text == "/chat#x");
}

TEST_CASE("escapes in a text") {
  CHECK(one(R"(ada sends "a\"b\\c\n\t\r\0\x41é")").text == std::string{"a\"b\\c\n\t\r\0A\xc3\xa9", 12});
}

TEST_CASE("the server's options come first") {
  const auto parsed = parse("server options --no-echo --format \"{text} x\"\nada leaves\n");
  CHECK(std::get<script>(parsed).server_options == std::vector<std::string>{"--no-echo", "--format", "{text} x"});
  CHECK(error("ada leaves\nserver options --no-echo") == "2:8: the server's options come before the first step");
}

TEST_CASE("what is wrong is told with its line and column") {
  CHECK(error("ada leaves\nada jumps") ==
        "2:5: expected connects, sends, receives, leaves, closes, ends, resets, stops reading, reads on or is, found 'jumps'");
  CHECK(error("ada") == "1:4: expected connects, sends, receives, leaves, closes, ends, resets, stops reading, reads on or is, found the end of the line");
  CHECK(error("ada! leaves") == "1:1: expected a client's name: letters, digits and underscores, found 'ada!'");
  CHECK(error("ada connects chat") == "1:14: expected a target like /chat, or a URL, found 'chat'");
  CHECK(error("ada connects /chat with Origin") == "1:25: expected text in double quotes, found 'Origin'");
  CHECK(error("ada connects /chat with \"Origin\"") == "1:25: a header is a name, a colon and a value");
  CHECK(error("ada sends \"no end") == "1:11: the text has no closing quote");
  CHECK(error(R"(ada sends "\q")") == R"(1:12: unknown escape: there are \n \r \t \0 \" \\ \xHH)");
  CHECK(error(R"(ada sends "\x4")") == "1:12: the escape needs 2 hexadecimal digits");
  CHECK(error("ada sends \"a\"b") == "1:14: expected a blank, found 'b'");
  CHECK(error("ada sends raw 8") == "1:15: expected bytes in hexadecimal, two digits each, found '8'");
  CHECK(error("ada sends raw") == "1:14: expected bytes in hexadecimal, found the end of the line");
  CHECK(error("ada sends json {\"a\": 1") == "1:16: the JSON object has no end");
  CHECK(error("ada receives matching /a") == "1:23: the regular expression has no closing slash");
  CHECK(error("ada receives matching /(/") == "1:23: the regular expression is not one that ECMAScript has");
  CHECK(error("ada receives nothing for 5") == "1:26: expected a duration like 200ms, 5s, found '5'");
  CHECK(error("ada is closed with 99") == "1:20: expected a close code, found '99'");
  CHECK(error("ada is refused with 1000") == "1:21: expected an HTTP status, found '1000'");
  CHECK(error("ada leaves now") == "1:12: expected the end of the line, found 'now'");
  CHECK(error("crowd all connect /chat") == "1:19: a crowd connects by its number: crowd 100 connects /chat");
  CHECK(error("crowd many leave") == "1:7: expected a number, or all, found 'many'");
}

TEST_CASE("whatever the bytes are, they are a script or an error") {
  std::string text;
  for (int i = 0; i < 256; ++i) {
    text += static_cast<char>(i);
    parse(text);
    parse("ada sends \"" + text);
    parse("ada sends json {" + text);
    parse("ada receives matching /" + text);
  }
}
