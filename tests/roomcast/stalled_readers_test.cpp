#include "application.hpp"
#include "clients.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <fstream>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// On its own, so that the memory which is measured is not what another test has left.

using namespace roomcast;
using namespace roomcast::test;

namespace {

void reset_peak_memory() { std::ofstream{"/proc/self/clear_refs"} << "5"; }

std::size_t peak_memory() {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  while (status >> word)
    if (std::size_t kib = 0; word == "VmHWM:" && status >> kib) return kib * 1024;
  throw std::runtime_error("no VmHWM in /proc/self/status");
}

// Says `n` messages, each when it has come back, so that the readers, who share a thread, do not fall behind.
asio::awaitable<void> talk(stream& ws, int n, std::string filler) {
  for (int i = 0; i < n; ++i) {
    co_await say(ws, i, i + 1, filler);
    co_await receive(ws);
  }
}

// How many of `n` messages came in their order.
asio::awaitable<int> count(stream& ws, int n) {
  int right = 0;
  for (int i = 0; i < n; ++i)
    if ((co_await receive(ws)).starts_with("[user0] " + std::to_string(i) + "x")) ++right;
  co_return right;
}

// The code of the Close that comes after everything else.
asio::awaitable<unsigned> read_to_the_end(stream& ws) {
  try {
    for (;;) co_await receive(ws);
  } catch (const boost::system::system_error&) {
  }
  co_return ws.reason().code;
}

}  // namespace

TEST_CASE("members that stop reading are closed with 4008, cost no memory of their own, and the others get everything") {
  const int stalled = scaled(100), readers = scaled(20), messages = 2000;
  const std::string filler(8000, 'x');
  application app;  // a lag of 1 MiB is allowed; 16 MB are said
  clients peers;
  std::vector<std::unique_ptr<stream>> reading, stopped;
  for (int i = 0; i < readers; ++i) reading.push_back(peers.start(connect(app.port())).get());
  for (int i = 0; i < stalled; ++i) stopped.push_back(peers.start(connect(app.port())).get());
  REQUIRE(app.wait_until([&](const counters& c) { return c.members == static_cast<std::size_t>(stalled + readers); }));

  reset_peak_memory();
  const auto before = peak_memory();
  std::vector<std::future<int>> hearing;
  for (std::size_t i = 1; i < reading.size(); ++i) hearing.push_back(peers.start(count(*reading[i], messages)));
  peers.start(talk(*reading[0], messages, filler)).get();
  for (auto& h : hearing) CHECK(h.get() == messages);
  const auto growth = peak_memory() - before;
  CHECK(app.count().slow_readers_closed == static_cast<std::size_t>(stalled));
  CHECK(app.wait_until([&](const counters& c) { return c.members == static_cast<std::size_t>(readers); }));
  MESSAGE("resident memory grew by " << growth / 1024 << " KiB while " << stalled << " members were stalled");
  if (!sanitized) CHECK(growth < 4 * 1024 * 1024);  // one such lag held for each would be 100 MiB

  for (auto& each : stopped) CHECK(peers.start(read_to_the_end(*each)).get() == 4008);
}
