#include "stage.hpp"

#include <doctest/doctest.h>

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

// This program counts what it allocates.

namespace {

std::size_t allocated = 0;  // in all
std::ptrdiff_t live = 0;

}  // namespace

void* operator new(std::size_t n) {
  void* const p = std::malloc(n);
  if (!p) throw std::bad_alloc{};
  allocated += malloc_usable_size(p);
  live += static_cast<std::ptrdiff_t>(malloc_usable_size(p));
  return p;
}
void operator delete(void* p) noexcept {
  if (p) live -= static_cast<std::ptrdiff_t>(malloc_usable_size(p));
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }

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

TEST_CASE("what a stalled member holds is no more than a few times the lag that is allowed, even of the smallest messages") {
  constexpr std::ptrdiff_t max_lag = 1 << 20;
  test::stage stage{{.max_lag = max_lag}};
  auto stalled = stage.join();
  stalled.set_window(0);
  auto quick = stage.join("/chat?name=quick");
  const std::ptrdiff_t before = live;
  std::ptrdiff_t most = 0;
  for (int i = 0; i < 20'000 && stage.count().members == 2; ++i) {
    quick.send(test::masked_text("x"));
    quick.take();
    most = std::max(most, live - before);
  }
  CHECK(stage.count().members == 1);
  CHECK(most < 2 * max_lag);
  CHECK(live - before < max_lag / 10);
}

TEST_CASE("a member that has said something long, in pieces, holds nothing of it afterwards") {
  test::stage stage{{.retain_messages = 0}};
  auto ada = stage.join();
  const auto frame = test::masked_text(std::string(60'000, 'x'));
  const auto whole = [&] {  // which the test's own buffers grow for
    ada.send(frame);
    ada.take();
  };
  whole();
  const std::ptrdiff_t before = live;
  ada.send(frame.substr(0, 30'000));
  ada.send(frame.substr(30'000));
  ada.take();
  whole();
  CHECK(live - before < 1000);
}

TEST_CASE("a room in which nobody lags, and that remembers nothing, holds nothing of what was said") {
  test::stage stage{{.retain_messages = 0}};
  auto ada = stage.join();
  const auto say = [&](std::size_t size) {
    ada.send(test::masked_text(std::string(size, 'x')));
    ada.take();
  };
  say(20'000);  // which the test's own buffers grow for
  say(1);
  say(1);
  const std::ptrdiff_t before = live;
  say(20'000);
  CHECK(live - before < 1000);
}
