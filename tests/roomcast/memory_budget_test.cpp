#include "roomcast/memory_budget.hpp"

#include <doctest/doctest.h>

#include <memory_resource>
#include <string>
#include <vector>

using roomcast::memory_budget;

TEST_CASE("what is allocated from a budget is held, until it is given back") {
  memory_budget budget{1000};
  CHECK(budget.held() == 0);
  {
    std::pmr::vector<char> some(600, &budget);
    CHECK(budget.held() == 600);
    CHECK_FALSE(budget.exceeded());
    std::pmr::vector<char> more(500, &budget);
    CHECK(budget.held() == 1100);
    CHECK(budget.exceeded());
  }
  CHECK(budget.held() == 0);
}

TEST_CASE("over-aligned memory is held, too") {
  struct alignas(64) line {
    char bytes[64];
  };
  memory_budget budget{1000};
  std::pmr::vector<line> lines(2, &budget);
  CHECK(budget.held() == 128);
  CHECK(reinterpret_cast<std::uintptr_t>(lines.data()) % 64 == 0);
}

TEST_CASE("a budget of 0 is one that suits the machine") {
  CHECK(memory_budget{0}.limit() > std::size_t{1} << 20);
}
