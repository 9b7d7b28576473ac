#include "stage.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

// This program counts what it allocates.

namespace {

std::size_t allocated = 0;

}  // namespace

void* operator new(std::size_t n) {
  allocated += n;
  if (void* const p = std::malloc(n)) return p;
  throw std::bad_alloc{};
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

using namespace roomcast;

namespace {

// What 100 messages allocate in a room where so many members take nothing.
std::size_t cost_of_talking(int stalled_members) {
  test::stage stage{{.max_message_size = 1000, .max_lag = 1u << 20}};
  std::vector<test::peer> stalled;
  for (int i = 0; i < stalled_members; ++i) {
    stalled.push_back(stage.join());
    stalled.back().set_window(0);
  }
  auto quick = stage.join("/chat?name=quick");
  const auto say = [&](int times) {
    for (int i = 0; i < times; ++i) {
      quick.send(test::masked_text(std::string(100, 'x')));
      quick.take();
    }
  };
  say(10);  // every member has its wait for the transport armed by now
  const std::size_t before = allocated;
  say(100);
  CHECK(stage.count().members == static_cast<std::size_t>(stalled_members) + 1);
  return allocated - before;
}

}  // namespace

TEST_CASE("a stalled member's presence allocates nothing, however much is said") {
  const auto with_one = cost_of_talking(1);
  const auto with_many = cost_of_talking(500);
  CHECK(with_many <= with_one + 1000);
}
