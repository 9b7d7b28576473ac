#include "roomcast/server/metrics.hpp"

#include "roomcast/version.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

namespace roomcast::server {
namespace {

class writer {
 public:
  writer& describe(std::string_view name, std::string_view type, std::string_view help) {
    return line("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }

  template <class Number>
  writer& sample(std::string_view name, std::string_view label, Number value) {
    return label.empty() ? line("{} {}\n", name, value) : line("{}{{{}}} {}\n", name, label, value);
  }

  template <class Number>
  writer& metric(std::string_view name, std::string_view type, std::string_view help, Number value) {
    return describe(name, type, help).sample(name, {}, value);
  }

  // `unit` of what is counted are one of what is shown.
  template <const auto& Bounds>
  writer& distribution(std::string_view name, std::string_view help, const histogram<Bounds>& h, double unit = 1) {
    describe(name, "histogram", help);
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < Bounds.size(); ++i)
      line("{}_bucket{{le=\"{}\"}} {}\n", name, static_cast<double>(Bounds[i]) / unit, so_far += h.counts[i]);
    so_far += h.counts.back();
    line("{}_bucket{{le=\"+Inf\"}} {}\n", name, so_far);
    return line("{0}_sum {1}\n{0}_count {2}\n", name, static_cast<double>(h.sum) / unit, so_far);
  }

  std::string done() { return std::move(text_); }

 private:
  template <class... Args>
  writer& line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    return *this;
  }

  std::string text_;
};

void write(writer& out, const counters& count) {
  std::string_view last;
  for (const auto& field : counter_fields) {
    const auto name = fmt::format("roomcast_{}", field.name);
    if (field.name != last) out.describe(name, field.gauge ? "gauge" : "counter", field.help);
    out.sample(name, field.label, count.*field.value);
    last = field.name;
  }
}

void write(writer& out, const close_counts& closes) {
  constexpr std::string_view name = "roomcast_closes_total";
  out.describe(name, "counter", "Members whose connection ended, by the code of its Close; 1006 where there was none.");
  for (std::size_t i = 0; i < closes.codes.size(); ++i) out.sample(name, fmt::format("code=\"{}\"", closes.codes[i]), closes.counts[i]);
  out.sample(name, "code=\"other\"", closes.counts.back());
}

}  // namespace

std::string metrics(const counters& count, std::size_t memory_held, std::size_t memory_budget, const process_usage& process) {
  writer out;
  write(out, count);
  write(out, count.closes);
  out.distribution("roomcast_batch_messages", "Messages in a batch.", count.batch_messages)
      .distribution("roomcast_lag_bytes", "How far members were behind that had not taken all when the next batch came.", count.lag)
      .distribution("roomcast_fan_out_seconds", "How long it took to send a batch to a lane's members; of one batch in 64.", count.fan_out, 1e9)
      .metric("roomcast_memory_held_bytes", "gauge", "What is held for all members together.", memory_held)
      .metric("roomcast_memory_budget_bytes", "gauge", "What may be.", memory_budget)
      .describe("roomcast_build_info", "gauge", "Always 1; the label says which version this is.")
      .sample("roomcast_build_info", fmt::format("version=\"{}\"", version), 1)
      .metric("process_cpu_seconds_total", "counter", "CPU time, of the process and of the kernel for it.", process.cpu_seconds)
      .metric("process_resident_memory_bytes", "gauge", "Resident memory.", process.resident_bytes)
      .metric("process_open_fds", "gauge", "Open file descriptors.", process.open_descriptors)
      .metric("process_max_fds", "gauge", "The most there may be.", process.max_descriptors)
      .metric("process_start_time_seconds", "gauge", "When the process was started, in seconds since 1970.", process.start_time);
  return out.done();
}

}  // namespace roomcast::server
