#include "roomcast/room/common.hpp"

#include "roomcast/error.hpp"
#include "roomcast/name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace roomcast {
namespace {

void require(bool holds, std::string_view field, std::string_view rule) {
  if (!holds) throw option_error(std::string{field}, std::string{rule});
}

bool is_route(std::string_view path) {
  const auto segment = [](char c) { return c == '/' || is_room_name({&c, 1}); };
  return path.size() > 1 && path.front() == '/' && path.back() != '/' && std::all_of(path.begin(), path.end(), segment);
}

options checked(options o) {
  using namespace std::chrono_literals;
  require(is_route(o.path), "path", "begins with '/', does not end with it, and has letters, digits and . _ ~ - / only");
  require(o.max_message_size >= 125, "max_message_size", "is at least 125");
  require(o.max_message_size <= 1u << 28, "max_message_size", "is at most 256 MiB");
  require(o.max_fragments >= 1, "max_fragments", "is at least 1");
  require(o.max_rooms >= 1, "max_rooms", "is at least 1");
  require(o.rate <= 1'000'000, "rate", "is at most 1000000 a second");
  require(o.burst == 0 || o.rate != 0, "rate", "is 0, which is no limit, and has a burst");
  require(o.burst <= 1'000'000'000, "rate", "has a burst of at most 1000000000");
  require(o.memory_budget == 0 || o.memory_budget >= 1u << 20, "memory_budget", "is at least 1 MiB");
  require(o.send_buffer <= 1u << 30, "send_buffer", "is at most 1 GiB");
  for (const auto& [field, value] : {std::pair{"ping_interval", o.ping_interval}, {"pong_timeout", o.pong_timeout},
                                     {"message_timeout", o.message_timeout}, {"send_timeout", o.send_timeout},
                                     {"close_timeout", o.close_timeout}, {"retain_age", o.retain_age}})
    require(value >= 1ms && value <= 24h * 365, field, "is between 1 ms and a year");
  return o;
}

std::uint64_t some_number() {
  std::random_device source;
  return std::uint64_t{source()} << 32 | source();
}

wire::text_format compiled(std::string_view format) {
  try {
    return wire::text_format{format};
  } catch (const std::invalid_argument& e) {
    throw option_error("format", fmt::format("has {}", e.what()));
  }
}

}  // namespace

common::common(options o, std::unique_ptr<log::store> s)
    : opts(checked(std::move(o))),
      format(compiled(opts.format)),
      memory(opts.memory_budget),
      store(std::move(s)),
      next_connection(store ? store->last_sender() + 1 : 1),
      epochs_(some_number()),
      handshakes_(opts.handshake_rate, {}) {}

std::string common::next_epoch() {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string name;
  // Of numbers that follow upon each other, those whose digits do not look so.
  for (std::uint64_t n = ++epochs_ * 0x9e3779b97f4a7c15; name.size() < 8; n /= digits.size()) name += digits[n % digits.size()];
  return name;
}

}  // namespace roomcast
