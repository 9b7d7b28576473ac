#include "roomcast/load/progress.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace roomcast::load {

progress::~progress() { fmt::print(stderr, "\r\x1b[K"); }

void progress::show(const snapshot& now) {
  const auto seconds = [](auto span) { return std::chrono::duration<double>(span).count(); };
  const double passed = seconds(now.when - last_.when);
  const auto rate = [&](std::uint64_t was, std::uint64_t is) { return static_cast<double>(is - was) / passed; };
  const auto latency = now.latency.since(last_.latency);
  fmt::print(stderr, "\r{:3.0f} s  {} connected  {:.0f} in/s  {:.0f} out/s", seconds(now.when - begin_), now.connected,
             rate(last_.messages, now.messages), rate(last_.deliveries, now.deliveries));
  if (latency.samples() != 0) fmt::print(stderr, "  p50 {} us  p99 {} us", latency.quantile(0.5), latency.quantile(0.99));
  fmt::print(stderr, "\x1b[K");
  std::fflush(stderr);
  last_ = now;
}

}  // namespace roomcast::load
