#include "model/performance.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <optional>
#include <random>
#include <string>

// ROOMCAST_MODEL_SEED=N plays one performance, that of seed N, over again; ROOMCAST_MODEL_STEPS=N makes them longer or
// shorter. Each seed has its number of lanes.

using namespace roomcast;

namespace {

constexpr std::uint64_t fixed_seeds = 100;
constexpr int usual_steps = 2'000;

std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* const value = std::getenv(name);
  if (!value) return {};
  return std::stoull(value);
}

std::string failure_of(test::model::performance& p, int steps) {
  try {
    p.play(steps);
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

void play(std::uint64_t seed) {
  const auto steps = number_from_environment("ROOMCAST_MODEL_STEPS").value_or(std::max(usual_steps / ROOMCAST_TEST_SCALE, 100));
  INFO("ROOMCAST_MODEL_SEED=", seed, " ROOMCAST_MODEL_STEPS=", steps);
  test::model::performance p{seed, seed % 3 + 1};
  const auto failure = failure_of(p, static_cast<int>(steps));
  INFO(p.story());
  CHECK(failure == "");
}

}  // namespace

TEST_CASE("whatever peers do, each hears what it should, and is parted from for a reason only") {
  if (const auto seed = number_from_environment("ROOMCAST_MODEL_SEED")) return play(*seed);
  for (std::uint64_t seed = 1; seed <= fixed_seeds; ++seed) play(seed);
  play(std::random_device{}());
}
