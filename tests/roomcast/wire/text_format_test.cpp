#include "roomcast/wire/text_format.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace roomcast;
using wire::text_format;

namespace {

std::string payload(const std::string& format, const wire::message& m) {
  std::pmr::string out;
  text_format{format}.append_frame(out, m);
  return std::string{out.substr(2)};  // the header of a short frame
}

const wire::message hello{.seq = 42, .room = "ops", .name = "ada", .text = "hi", .time = std::chrono::system_clock::time_point{std::chrono::milliseconds{1'795'448'400'123}}};

std::string fault(const std::string& format) {
  try {
    text_format{format};
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("the fields of a format are replaced by the message's") {
  CHECK(payload("[{name}] {text}", hello) == "[ada] hi");
  CHECK(payload("{text}", hello) == "hi");
  CHECK(payload("[{name}] {text}:", hello) == "[ada] hi:");
  CHECK(payload("{room}#{seq} {name}: {text}{text}", hello) == "ops#42 ada: hihi");
  CHECK(payload("{time} {text}", hello) == "2026-11-23T15:40:00.123Z hi");
  CHECK(payload("{{{text}}}", hello) == "{hi}");
}

TEST_CASE("a message is one whole text frame, whatever its size") {
  const std::string long_text(70'000, 'x');
  wire::message m = hello;
  m.text = long_text;
  std::pmr::string out = "before";
  text_format{"[{name}] {text}"}.append_frame(out, m);
  CHECK(out.size() == 6 + 10 + 6 + long_text.size());
  CHECK(out.substr(6, 2) == "\x81\x7f");
  CHECK(out.substr(16, 7) == "[ada] x");
}

TEST_CASE("a binary message is its own bytes in a binary frame") {
  std::pmr::string out;
  text_format{"[{name}] {text}"}.append_frame(out, {.seq = 1, .room = "ops", .name = "ada", .text = "\xff{name}", .binary = true, .time = {}});
  CHECK(out == "\x82\x07\xff{name}");
}

TEST_CASE("text is not looked into for fields") {
  wire::message m = hello;
  m.text = "{name} {{";
  CHECK(payload("{name}: {text}", m) == "ada: {name} {{");
}

TEST_CASE("a format that does not compile says why and where") {
  CHECK(fault("{text} {") .find("'{' without '}'") != std::string::npos);
  CHECK(fault("{text} }").find("'}' without '{'") != std::string::npos);
  CHECK(fault("{who}: {text}").find("unknown field '{who}'") != std::string::npos);
  CHECK(fault("{who}: {text}").find("character 1") != std::string::npos);
  CHECK(fault("[{name}]").find("no '{text}'") != std::string::npos);
  CHECK(fault("\xff{text}").find("invalid UTF-8") != std::string::npos);
  CHECK(fault("{text}").empty());
}

TEST_CASE("a frame says where its text begins") {
  std::pmr::string out;
  const auto text = text_format{"{name}: {text}!"}.append_frame(out, hello);
  CHECK(out.substr(text) == "hi!");
}
