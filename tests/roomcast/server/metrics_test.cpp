#include "roomcast/server/metrics.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>

using namespace roomcast;

namespace {

bool has_line(const std::string& text, const std::string& line) { return ("\n" + text).find("\n" + line + "\n") != std::string::npos; }

}  // namespace

TEST_CASE("every counter is shown under a name of its own") {
  counters count;
  std::uint64_t value = 1'000'000;
  for (const auto& field : counter_fields) count.*field.value = ++value;
  const auto text = server::metrics(count, 0, 0, {});
  value = 1'000'000;
  for (const auto& field : counter_fields) {
    const auto label = field.label.empty() ? "" : fmt::format("{{{}}}", field.label);
    CHECK(has_line(text, fmt::format("roomcast_{}{} {}", field.name, label, ++value)));
    CHECK(has_line(text, fmt::format("# TYPE roomcast_{} {}", field.name, field.gauge ? "gauge" : "counter")));
    const auto help = fmt::format("# HELP roomcast_{} ", field.name);
    CHECK(text.find(help) == text.rfind(help));
    CHECK(text.find(help + "\n") == text.npos);
  }
}

TEST_CASE("a histogram counts what is no more than each bound, and all") {
  counters count;
  for (const std::uint64_t messages : {0, 1, 2, 3, 2000, 2001}) count.batch_messages.record(messages);
  count.fan_out.record(2'001);
  const auto text = server::metrics(count, 0, 0, {});
  CHECK(has_line(text, "roomcast_batch_messages_bucket{le=\"1\"} 2"));
  CHECK(has_line(text, "roomcast_batch_messages_bucket{le=\"2\"} 3"));
  CHECK(has_line(text, "roomcast_batch_messages_bucket{le=\"2000\"} 5"));
  CHECK(has_line(text, "roomcast_batch_messages_bucket{le=\"+Inf\"} 6"));
  CHECK(has_line(text, "roomcast_batch_messages_sum 4007"));
  CHECK(has_line(text, "roomcast_batch_messages_count 6"));
  CHECK(has_line(text, "roomcast_fan_out_seconds_bucket{le=\"2e-06\"} 0"));
  CHECK(has_line(text, "roomcast_fan_out_seconds_bucket{le=\"5e-06\"} 1"));
  CHECK(has_line(text, "roomcast_fan_out_seconds_sum 2.001e-06"));
}

TEST_CASE("the counters of two lanes add up") {
  counters one, other;
  one.joins = 2;
  other.joins = 3;
  for (counters* each : {&one, &other}) {
    each->closes.add(1002);
    each->closes.add(3999);
    each->lag.record(5000);
  }
  one += other;
  const auto text = server::metrics(one, 0, 0, {});
  CHECK(has_line(text, "roomcast_joins_total 5"));
  CHECK(has_line(text, "roomcast_closes_total{code=\"1002\"} 2"));
  CHECK(has_line(text, "roomcast_closes_total{code=\"other\"} 2"));
  CHECK(has_line(text, "roomcast_lag_bytes_bucket{le=\"16384\"} 2"));
}

TEST_CASE("the process is measured") {
  const auto usage = server::own_usage();
  CHECK(usage.resident_bytes > 1'000'000);
  CHECK(usage.open_descriptors >= 3);
  CHECK(usage.max_descriptors >= usage.open_descriptors);
  CHECK(usage.start_time > 1.7e9);
}
