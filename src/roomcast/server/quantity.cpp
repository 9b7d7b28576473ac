#include "roomcast/server/quantity.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <initializer_list>
#include <system_error>
#include <utility>

namespace roomcast::server {
namespace {

// What CLI11 offers for this multiplies without a bound.
std::optional<std::uint64_t> parse_quantity(std::string_view text,
                                            std::initializer_list<std::pair<std::string_view, std::uint64_t>> units) {
  constexpr std::uint64_t most = 1ull << 53;
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{}) return {};
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto same = [](char typed, char lower) { return std::tolower(static_cast<unsigned char>(typed)) == lower; };
  for (const auto& [name, factor] : units)
    if (std::equal(unit.begin(), unit.end(), name.begin(), name.end(), same) && number <= most / factor) return number * factor;
  return {};
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) { return parse_quantity(text, {{"", 1}}); }

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto parsed = parse_quantity(text, {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}});
  if (!parsed) return {};
  return std::chrono::milliseconds{*parsed};
}

std::optional<std::size_t> parse_size(std::string_view text) {
  constexpr std::uint64_t k = 1u << 10, m = 1u << 20, g = 1u << 30;
  return parse_quantity(text, {{"", 1}, {"b", 1}, {"k", k}, {"kb", k}, {"kib", k}, {"m", m}, {"mb", m}, {"mib", m},
                               {"g", g}, {"gb", g}, {"gib", g}});
}

}  // namespace roomcast::server
