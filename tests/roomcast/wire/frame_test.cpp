#include "roomcast/wire/frame.hpp"

#include "roomcast/utf8.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

using namespace roomcast;

namespace {

std::span<const std::byte> bytes(const std::string& s) { return std::as_bytes(std::span{s}); }

}  // namespace

TEST_CASE("a frame's length is written in the shortest form at every boundary") {
  struct expectation {
    std::size_t payload;
    std::string header;
  };
  using namespace std::string_literals;
  for (const auto& [payload, header] : {expectation{0, "\x81\x00"s}, expectation{1, "\x81\x01"s}, expectation{125, "\x81\x7d"s},
                                        expectation{126, "\x81\x7e\x00\x7e"s}, expectation{127, "\x81\x7e\x00\x7f"s},
                                        expectation{65535, "\x81\x7e\xff\xff"s},
                                        expectation{65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s}}) {
    CAPTURE(payload);
    const std::string out{wire::make_header(wire::opcode::text, payload)};
    CHECK(out == header);
    CHECK(wire::header_size(payload) == header.size());
    const auto parsed = wire::parse_header(bytes(out));
    REQUIRE(parsed);
    CHECK(parsed->payload == payload);
    CHECK(parsed->size == header.size());
  }
}

TEST_CASE("a header is recognised only when it is whole") {
  const std::string header = "\x82\xff\x00\x00\x00\x01\x00\x00\x00\x02wxyz" + std::string(0, ' ');
  std::string whole{"\x82\xff\x00\x00\x00\x01\x00\x00\x00\x02wxyz", 14};
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK_FALSE(wire::parse_header(bytes(whole.substr(0, n))));
  const auto parsed = wire::parse_header(bytes(whole));
  REQUIRE(parsed);
  CHECK(parsed->op == wire::opcode::binary);
  CHECK(parsed->fin);
  CHECK(parsed->masked);
  CHECK(parsed->reserved == 0);
  CHECK(parsed->size == 14);
  CHECK(parsed->payload == 0x100000002u);
}

TEST_CASE("fin, reserved bits and opcode are told apart") {
  const std::string header{"\x59\x80mask", 6};
  const auto parsed = wire::parse_header(bytes(header));
  REQUIRE(parsed);
  CHECK_FALSE(parsed->fin);
  CHECK(parsed->reserved == 0x50);
  CHECK(parsed->op == wire::opcode::ping);
  CHECK_FALSE(wire::is_known(static_cast<wire::opcode>(3)));
  CHECK_FALSE(wire::is_known(static_cast<wire::opcode>(11)));
  CHECK(wire::is_known(wire::opcode::pong));
}

TEST_CASE("a close frame carries its code, and as much of its reason as fits between code points") {
  CHECK(wire::make_close(1002, "no") == std::string{"\x88\x04\x03\xeano", 6});
  std::string reason(122, 'a');
  reason += "é";
  const auto frame = wire::make_close(1000, reason);
  CHECK(frame.size() == 2 + 2 + 122);
  CHECK(is_utf8(frame.substr(4)));
}

TEST_CASE("the code of a close frame is found, where it has one, and where it is one") {
  CHECK(wire::code_of_close(wire::make_close(4008, "slow")) == 4008);
  CHECK(wire::code_of_close(wire::make_frame(wire::opcode::close, "")) == 1005);
  CHECK(wire::code_of_close(wire::make_frame(wire::opcode::text, "hello")) == 0);
  CHECK(wire::code_of_close("") == 0);
}

TEST_CASE("unmasking is exclusive or with the mask, over and over") {
  const std::array mask{std::byte{'m'}, std::byte{'a'}, std::byte{'s'}, std::byte{'k'}};
  for (std::size_t size = 0; size < 40; ++size) {
    CAPTURE(size);
    std::string text(size, 'x');
    std::string expected = text;
    for (std::size_t i = 0; i < size; ++i) expected[i] = static_cast<char>('x' ^ "mask"[i % 4]);
    wire::unmask(std::as_writable_bytes(std::span{text}), mask);
    CHECK(text == expected);
  }
}
