#include "roomcast/load/frame_scanner.hpp"

#include "roomcast/wire/frame.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using roomcast::load::frame_scanner;
using roomcast::wire::make_frame;
using roomcast::wire::opcode;

namespace {

struct listener {
  frame_scanner frames;
  std::string rest;  // of a frame that is not whole yet
  std::string fault;
  std::vector<std::string> heard;

  void receive(std::string_view bytes) {
    rest += bytes;
    const auto done = frames.scan(
        rest, [this](std::string_view text) { heard.emplace_back(text); },
        [this](opcode op, std::string_view payload) {
          heard.push_back((op == opcode::ping ? "ping " : "other ") + std::string{payload});
          return true;
        });
    fault = done.fault;
    if (fault.empty()) rest.erase(0, done.taken);
  }
};

std::string part(opcode op, std::string_view payload, bool fin) {
  auto frame = make_frame(op, payload);
  if (!fin) frame[0] = static_cast<char>(frame[0] & 0x7f);
  return frame;
}

}  // namespace

TEST_CASE("messages of every size are heard, however they are cut") {
  std::vector<std::string> texts;
  std::string bytes;
  for (const std::size_t size : {0, 1, 125, 126, 300, 70'000}) {
    texts.emplace_back(size, 'x');
    bytes += make_frame(opcode::text, texts.back());
  }
  for (const std::size_t cut : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, bytes.size()}) {
    listener ada;
    for (std::size_t at = 0; at < bytes.size(); at += cut) ada.receive(std::string_view{bytes}.substr(at, cut));
    CHECK(ada.heard == texts);
    CHECK(ada.rest.empty());
  }
}

TEST_CASE("the fragments of a message are put together, with pings between them") {
  listener ada;
  ada.receive(part(opcode::text, "one ", false) + part(opcode::continuation, "", false) + make_frame(opcode::ping, "!"));
  ada.receive(part(opcode::continuation, "two", true) + make_frame(opcode::text, "three"));
  CHECK(ada.heard == std::vector<std::string>{"ping !", "one two", "three"});
}

TEST_CASE("violations of the protocol are faults") {
  const std::string long_ping = std::string{"\x89\x7e\x01\x2c"} + std::string(300, 'x');
  for (const auto& bytes :
       {std::string{"\x81\x81\x01\x02\x03\x04x"}, std::string{"\xc1\x01x"}, std::string{"\x83\x01x"}, std::string{"\x09\x01x"},
        long_ping, std::string{"\x80\x01x"}, part(opcode::text, "one", false) + make_frame(opcode::text, "two"),
        std::string{"\x81\x7f"} + std::string(8, '\xff')}) {
    listener ada;
    ada.receive(bytes);
    CHECK_FALSE(ada.fault.empty());
    CHECK(ada.heard.empty());
  }
}
