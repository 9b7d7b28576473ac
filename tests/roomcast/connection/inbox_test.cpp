#include "roomcast/connection/inbox.hpp"

#include "stage.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using namespace roomcast;
using front = inbox::front;
using test::masked;

namespace {

struct fixture {
  void receive(std::string_view bytes) {
    const auto space = box.space();
    std::memcpy(space.data(), bytes.data(), bytes.size());
    box.received(bytes.size());
  }

  std::string take(std::size_t n = 1000) {
    std::string into(n, '\0');
    into.resize(box.take(std::as_writable_bytes(std::span{into})));
    return into;
  }

  scratch buffers{1000};
  options limits{.max_message_size = 1000, .max_fragments = 4};
  inbox box{buffers, limits, *std::pmr::get_default_resource()};
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "Beast is handed one frame at a time") {
  const auto one = masked(0x01, "one"), two = masked(0x80, "two");
  receive(one + two);
  CHECK(box.look() == front::readable);
  CHECK(take() == one);
  CHECK(take().empty());
  CHECK(box.look() == front::readable);
  CHECK(take() == two);
  CHECK(box.look() == front::nothing);
  CHECK_FALSE(box.inside_message());
}

TEST_CASE_FIXTURE(fixture, "a frame is readable from its first payload byte on, and not before") {
  const auto frame = masked(0x81, "hello");
  for (std::size_t i = 0; i < 6; ++i) {
    receive(frame.substr(i, 1));
    CHECK(box.look() == front::nothing);
    CHECK(box.inside_message());
  }
  receive(frame.substr(6, 1));
  CHECK(box.look() == front::readable);
  CHECK(take() == frame.substr(0, 7));
  CHECK(box.look() == front::nothing);
  receive(frame.substr(7) + "\x81");
  CHECK(box.look() == front::readable);
  CHECK(take() == frame.substr(7));
}

TEST_CASE_FIXTURE(fixture, "a message that is here as a whole ends here, unmasked") {
  receive(masked(0x81, "one") + masked(0x81, "") + masked(0x81, "three").substr(0, 10));
  CHECK(box.look() == front::message);
  CHECK(box.take_message().bytes == "one");
  CHECK_FALSE(box.take_message().binary);
  CHECK(box.look() == front::message);
  CHECK(box.take_message().bytes.empty());
  CHECK(box.look() == front::readable);
  CHECK(take() == masked(0x81, "three").substr(0, 10));
  receive(std::string(1, 'e') + masked(0x01, "in ") + masked(0x80, "parts") + masked(0x81, "again"));
  for (const char* const part : {"e", "in ", "parts"}) {
    CAPTURE(part);
    CHECK(box.look() == front::readable);
    take();
  }
  CHECK(box.look() == front::message);
  CHECK(box.take_message().bytes == "again");
  CHECK(box.look() == front::nothing);
  CHECK_FALSE(box.inside_message());
}

TEST_CASE_FIXTURE(fixture, "a binary message is told from a text") {
  limits.binary = binary_policy::relay;
  receive(masked(0x82, "\xff"));
  CHECK(box.look() == front::message);
  CHECK(box.take_message().bytes == "\xff");
  CHECK(box.take_message().binary);
}

TEST_CASE_FIXTURE(fixture, "a ping ends here, unmasked, when it is whole; a pong too") {
  const auto ping = masked(0x89, "are you there");
  receive(ping.substr(0, ping.size() - 1));
  CHECK(box.look() == front::nothing);
  receive(ping.substr(ping.size() - 1) + masked(0x8a, "x") + masked(0x01, "text"));
  CHECK(box.look() == front::ping);
  CHECK(box.take_ping() == "are you there");
  CHECK(box.look() == front::pong);
  CHECK(box.look() == front::readable);
}

TEST_CASE_FIXTURE(fixture, "a close is handed over whole") {
  const auto close = masked(0x88, "\x03\xe8 bye");
  receive(close.substr(0, 6));
  CHECK(box.look() == front::nothing);
  receive(close.substr(6));
  CHECK(box.look() == front::readable);
  CHECK(take() == close);
}

TEST_CASE_FIXTURE(fixture, "an empty first fragment is merged into the next one") {
  receive(masked(0x01, "") + masked(0x89, "p") + masked(0x00, "") + masked(0x80, "text"));
  CHECK(box.look() == front::ping);
  CHECK(box.look() == front::readable);
  CHECK(take() == masked(0x81, "text"));
  CHECK(box.look() == front::nothing);
}

TEST_CASE_FIXTURE(fixture, "an empty fragment in the middle is passed over") {
  receive(masked(0x01, "a") + masked(0x00, "") + masked(0x80, "b"));
  CHECK(box.look() == front::readable);
  CHECK(take() == masked(0x01, "a"));
  CHECK(box.look() == front::readable);
  CHECK(take() == masked(0x80, "b"));
}

TEST_CASE_FIXTURE(fixture, "a message inside a message is refused, even after an empty fragment") {
  SUBCASE("by Beast, where Beast has seen the first") {
    receive(masked(0x01, "a") + masked(0x81, "b"));
    CHECK(box.look() == front::readable);
    take();
    CHECK(box.look() == front::readable);
    CHECK(take() == masked(0x81, "b").substr(0, 6));
  }
  SUBCASE("here, where it has not") {
    receive(masked(0x01, "") + masked(0x81, "b"));
    CHECK(box.look() == front::violation);
  }
}

TEST_CASE_FIXTURE(fixture, "what Beast refuses by its header, it is shown by its header") {
  for (const auto first : {0xc1u, 0xa1u, 0x91u, 0x83u, 0x8bu, 0x80u, 0x09u}) {
    CAPTURE(first);
    fixture fresh;
    fresh.receive(masked(first, "x"));
    CHECK(fresh.box.look() == front::readable);
    CHECK(fresh.take() == masked(first, "x").substr(0, 6));
  }
  receive(std::string{"\x81\x01x", 3});  // no mask
  CHECK(box.look() == front::readable);
  CHECK(take().size() == 2);
}

TEST_CASE_FIXTURE(fixture, "fragments are counted, empty ones too, and from each message's start") {
  receive(masked(0x01, "a") + masked(0x00, "") + masked(0x00, "b") + masked(0x80, "c"));
  for (int i = 0; i < 3; ++i) {
    CHECK(box.look() == front::readable);
    take();
  }
  CHECK(box.look() == front::nothing);
  receive(masked(0x01, "a") + masked(0x00, "") + masked(0x00, "") + masked(0x00, "") + masked(0x00, ""));
  CHECK(box.look() == front::readable);
  take();
  CHECK(box.look() == front::too_many_fragments);
}

TEST_CASE_FIXTURE(fixture, "unread bytes move out when another connection receives") {
  inbox other{buffers, limits, *std::pmr::get_default_resource()};
  const auto frame = masked(0x81, "mine");
  receive(frame.substr(0, 3));
  CHECK(box.look() == front::nothing);
  std::memset(other.space().data(), 'X', 100);
  other.received(100);
  CHECK(box.unread() == frame.substr(0, 3));
  receive(frame.substr(3));
  CHECK(other.unread() == std::string(100, 'X'));
  CHECK(box.look() == front::message);
  CHECK(box.take_message().bytes == "mine");
}

TEST_CASE_FIXTURE(fixture, "a header that says enough is judged without its payload") {
  SUBCASE("too long: by Beast") {
    receive(std::string{"\x81\xfe\x03\xe9mask", 8});
    CHECK(box.look() == front::readable);
    CHECK(take().size() == 8);
  }
  SUBCASE("as long as can be") {
    receive(std::string{"\x81\xfe\x03\xe8mask", 8});
    CHECK(box.look() == front::nothing);
  }
  SUBCASE("a length with its highest bit set") {
    receive(std::string{"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00mask", 14});
    CHECK(box.look() == front::violation);
  }
  SUBCASE("binary") {
    receive(masked(0x82, "x").substr(0, 6));
    CHECK(box.look() == front::binary);
  }
}
