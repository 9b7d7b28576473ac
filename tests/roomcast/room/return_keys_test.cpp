#include "roomcast/room/return_keys.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using roomcast::return_keys;

TEST_CASE("a key says whose it is, in its room") {
  const return_keys keys;
  for (const std::string name : {"a", "ada", "user0", "Žluťoučký kůň 🐎"}) {
    const auto key = keys.key_of("ops", {.id = 0x0123456789abcdef, .name = name});
    CHECK(std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; }));
    const auto who = keys.identity_of("ops", key);
    REQUIRE(who);
    CHECK(who->id == 0x0123456789abcdef);
    CHECK(who->name == name);
    CHECK_FALSE(keys.identity_of("lobby", key));
    CHECK_FALSE(return_keys{}.identity_of("ops", key));
  }
}

TEST_CASE("whatever is changed of a key, it is none") {
  const return_keys keys;
  const auto key = keys.key_of("ops", {.id = 7, .name = "ada"});
  for (std::size_t i = 0; i < key.size(); ++i) {
    for (const char c : {'A', 'b', '0', '-', '=', '+', '\n', '\0'}) {
      if (c == key[i]) continue;
      std::string changed = key;
      changed[i] = c;
      const auto who = keys.identity_of("ops", changed);
      // The last digit may have bits to spare.
      CHECK((!who || (i + 1 == key.size() && who->name == "ada")));
    }
    CHECK_FALSE(keys.identity_of("ops", key.substr(0, i)));
  }
  CHECK_FALSE(keys.identity_of("ops", key + "A"));
  CHECK_FALSE(keys.identity_of("ops", std::string(100'000, 'A')));
}
