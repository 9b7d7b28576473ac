#include "roomcast/load/marker.hpp"

#include "roomcast/load/speaker.hpp"
#include "roomcast/wire/frame.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

using namespace roomcast::load;

namespace {

constexpr std::uint32_t run = 0xabc;
const marker example{.sender = 0xfffff, .sequence = 0x01234567, .time = 0x89abcdef};

bool is_example(std::string_view text, marker_reader reader = marker_reader{run}) {
  const auto m = reader.read(text);
  return m && m->sender == example.sender && m->sequence == example.sequence && m->time == example.time;
}

// What is in a client's frame.
std::string unmasked(const std::string& frame) {
  const auto bytes = std::as_bytes(std::span{frame});
  const auto header = roomcast::wire::parse_header(bytes);
  REQUIRE(header);
  REQUIRE(header->masked);
  REQUIRE(frame.size() == header->size + header->payload);
  std::string payload = frame.substr(header->size);
  std::array<std::byte, 4> mask{};
  std::copy_n(bytes.begin() + header->size - 4, 4, mask.begin());
  roomcast::wire::unmask(std::as_writable_bytes(std::span{payload}), mask);
  return payload;
}

}  // namespace

TEST_CASE("a marker is found wherever a server puts the text") {
  const auto text = to_text(example, run);
  CHECK(text.size() == marker::size);
  CHECK(is_example(text));
  CHECK(is_example(std::string{"[user0] "} + text));
  CHECK(is_example(std::string{"{\"type\":\"message\",\"text\":\""} + text + "\",\"seq\":42}"));
  CHECK(is_example(std::string{"~~ ~ABC "} + text + " ~"));
}

TEST_CASE("a marker is found where what follows it changes from message to message") {
  const auto text = to_text(example, run);
  marker_reader reader{run};
  for (const auto* const behind : {"", "\"}", "\",\"seq\":9}", "\",\"seq\":10}", "", " "}) {
    const auto m = reader.read(std::string{"..."} + text + behind);
    REQUIRE(m);
    CHECK(m->time == example.time);
  }
}

TEST_CASE("what is no marker of this run is none") {
  const auto text = to_text(example, run);
  CHECK_FALSE(is_example(""));
  CHECK_FALSE(is_example("~"));
  CHECK_FALSE(is_example(text.substr(1)));
  CHECK_FALSE(is_example(text.substr(0, marker::size - 1)));
  CHECK_FALSE(is_example(to_text(example, run + 1)));
  for (std::size_t i = 1; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = 'P';  // the first letter that is no digit
    CHECK_FALSE(is_example(changed));
  }
}

TEST_CASE("a speaker of JSON has its text in an object of roomcast.v1") {
  for (const std::size_t bytes : {25u, 26u, 27u, 28u, 200u}) {
    speaker ada{7, run, bytes, true};
    marker_reader reader{run};
    for (std::uint32_t i = 0; i < 3; ++i) {
      std::string frame;
      ada.speak(frame, 1000 + i);
      const std::string payload = unmasked(frame);
      CHECK(payload.starts_with(R"({"type":"message","text":")"));
      CHECK(payload.ends_with(R"("})"));
      const auto m = reader.read(payload);
      REQUIRE(m);
      CHECK(m->sender == 7);
      CHECK(m->sequence == i);
      CHECK(m->time == 1000 + i);
    }
  }
}

TEST_CASE("a speaker's messages are masked frames with their marker at the end, numbered from 0") {
  for (const std::size_t bytes : {std::size_t{25}, std::size_t{26}, std::size_t{27}, std::size_t{28}, std::size_t{125},
                                  std::size_t{126}, std::size_t{65'535}, std::size_t{65'536}}) {
    speaker ada{7, run, bytes};
    for (std::uint32_t i = 0; i < 20; ++i) {
      std::string frame;
      ada.speak(frame, 1000 + i);
      const auto text = unmasked(frame);
      CHECK(text == std::string(bytes - marker::size, '.') + to_text({.sender = 7, .sequence = i, .time = 1000 + i}, run));
    }
    CHECK(ada.spoken() == 20);
  }
}
