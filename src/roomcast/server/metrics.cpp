#include "roomcast/server/metrics.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string_view>

namespace roomcast::server {

std::string metrics(const counters& count, std::size_t memory_held, std::size_t memory_budget) {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view suffix, bool gauge, std::uint64_t value) {
    fmt::format_to(std::back_inserter(text), "# TYPE roomcast_{0}{1} {2}\nroomcast_{0}{1} {3}\n", name, suffix,
                   gauge ? "gauge" : "counter", value);
  };
  for (const auto& field : counter_fields) add(field.name, field.gauge ? "" : "_total", field.gauge, count.*field.value);
  add("memory_held", "_bytes", true, memory_held);
  add("memory_budget", "_bytes", true, memory_budget);
  return text;
}

}  // namespace roomcast::server
