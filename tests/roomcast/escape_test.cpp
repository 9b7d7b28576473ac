#include "roomcast/escape.hpp"

#include <doctest/doctest.h>

using roomcast::escape;

TEST_CASE("what can be seen stays as it is, and what cannot is escaped byte by byte") {
  CHECK(escape("plain, 名前 😀 <b>") == "plain, 名前 😀 <b>");
  CHECK(escape("a\nb\x1b[31m") == "a\\x0ab\\x1b[31m");
  CHECK(escape("back\\slash") == "back\\\\slash");
  CHECK(escape("\xff\xc3") == "\\xff\\xc3");
  CHECK(escape("\u202e\u200b") == "\\xe2\\x80\\xae\\xe2\\x80\\x8b");
}
