#include "roomcast/utf8.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace std::string_view_literals;
using roomcast::ends_inside_code_point;
using roomcast::is_utf8;

TEST_CASE("valid UTF-8 of every length is recognised") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain"));
  CHECK(is_utf8("\x00"sv));
  CHECK(is_utf8("\xc2\x80 \xdf\xbf"));
  CHECK(is_utf8("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
  CHECK(is_utf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
}

TEST_CASE("what is not UTF-8 is not recognised") {
  for (const auto bad : {"\x80"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv, "\xf0\x8f\xbf\xbf"sv,
                         "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv, "\xc3"sv, "\xe2\x82"sv, "\xf0\x9f\x98"sv,
                         "\xc3(" ""sv, "\xe2(\xa1"sv}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("what is not UTF-8 is found anywhere in a long text") {
  for (std::size_t at = 0; at < 40; ++at) {
    CAPTURE(at);
    std::string text(40, 'x');
    CHECK(is_utf8(text.insert(at, "\xc3\xa9")));
    text[at + 1] = 'x';
    CHECK_FALSE(is_utf8(text));
  }
}

TEST_CASE("text that stops inside a code point is told from text that does not") {
  CHECK(ends_inside_code_point("\xe2"));
  CHECK(ends_inside_code_point("ab\xe2\x82"));
  CHECK(ends_inside_code_point("\xf0\x9f\x98"));
  CHECK(ends_inside_code_point("\xc3"));
  CHECK_FALSE(ends_inside_code_point(""));
  CHECK_FALSE(ends_inside_code_point("ab"));
  CHECK_FALSE(ends_inside_code_point("\xe2\x82\xac"));
  CHECK_FALSE(ends_inside_code_point("\xf0\x9f\x98\x80"));
  CHECK_FALSE(ends_inside_code_point("\xc3\xa9"));
}
