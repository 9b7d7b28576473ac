#include "roomcast/name.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace std::string_view_literals;
using roomcast::is_room_name;
using roomcast::member_name_fault;

TEST_CASE("ordinary names of any language are allowed") {
  for (const auto name : {"alice"sv, "Ada Lovelace"sv, "ж"sv, "名前"sv, "user"sv, "users1"sv, "user1a"sv, "😀"sv, "O'Neil <b>"sv}) {
    CAPTURE(name);
    CHECK(member_name_fault(name).empty());
  }
}

TEST_CASE("a name is 1 to 32 code points") {
  CHECK_FALSE(member_name_fault("").empty());
  std::string name;
  for (int i = 0; i < 32; ++i) name += "é";
  CHECK(member_name_fault(name).empty());
  CHECK(member_name_fault(name + "é") == "is longer than 32 characters");
}

TEST_CASE("names that deceive or cannot be seen are not allowed") {
  for (const auto name : {"a\nb"sv, "a\tb"sv, "\x7f"sv, "a\0b"sv, "\xc2\x85"sv,  // controls
                          "\u202eevil"sv, "a\u200fb"sv, "\u2066x"sv,             // bidirectional
                          "\u200b"sv, "a\u200db"sv, "\ufeffx"sv, "a\u2060"sv, "\u00ad"sv,  // zero width
                          "[ada]"sv, "a]"sv, " ada"sv, "ada "sv, "\u00a0ada"sv, "ada\u3000"sv}) {
    CAPTURE(name);
    CHECK_FALSE(member_name_fault(name).empty());
  }
  CHECK(member_name_fault("\xff") == "is not valid UTF-8");
}

TEST_CASE("user followed by digits is reserved for those who choose no name") {
  CHECK_FALSE(member_name_fault("user0").empty());
  CHECK_FALSE(member_name_fault("user1234567890").empty());
  CHECK(roomcast::default_member_name(7) == "user7");
}

TEST_CASE("a room's name is 1 to 64 unreserved characters") {
  CHECK(is_room_name("lobby"));
  CHECK(is_room_name("A-z.0_9~"));
  CHECK(is_room_name(std::string(64, 'a')));
  for (const auto& bad : {std::string{}, std::string(65, 'a'), std::string{"a/b"}, std::string{"a b"}, std::string{"é"}, std::string{"a%20"}}) {
    CAPTURE(bad);
    CHECK_FALSE(is_room_name(bad));
  }
}
