#include "roomcast/load/report.hpp"

#include "roomcast/escape.hpp"
#include "roomcast/utf8.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace roomcast::load {
namespace {

constexpr double million = 1e6;

std::optional<double> per(double what, double of) { return of > 0 ? std::optional{what / of} : std::nullopt; }
std::optional<double> per(std::uint64_t what, double of) { return per(static_cast<double>(what), of); }

std::optional<double> per_million(double seconds, std::uint64_t deliveries) {
  return per(seconds, static_cast<double>(deliveries) / million);
}

std::string text(std::optional<double> value, int digits) { return value ? fmt::format("{:.{}f}", *value, digits) : "-"; }

std::string_view mode(const settings& s) { return s.idle ? "idle" : s.rate > 0 ? "open" : "closed"; }

std::string describe(const settings& s) {
  auto text = fmt::format("{} connections in {} room{}", s.connections, s.rooms, s.rooms == 1 ? "" : "s");
  if (s.idle) return text + ", idle";
  text += fmt::format("; {} of them send {} bytes, ", s.senders, s.bytes);
  return text + (s.rate > 0 ? fmt::format("{:g} messages/s in all", s.rate) : fmt::format("{} in flight each", s.window));
}

std::string json(std::optional<double> value) { return value ? fmt::format("{:.6g}", *value) : "null"; }

std::string json(std::string_view value) {
  if (value.empty()) return "null";
  std::string out = "\"";
  for (const char c : is_utf8(value) ? std::string{value} : escape(value)) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else out += c;
  }
  return out += '"';
}

// Of an object, "name": value, …
class fields {
 public:
  void add(std::string_view name, const std::string& value) {
    out_ += fmt::format("{}\"{}\":{}", out_.empty() ? "" : ",", name, value);
  }
  template <class Integer>
  void add_number(std::string_view name, Integer value) {
    add(name, std::to_string(value));
  }
  std::string object() const { return "{" + out_ + "}"; }

 private:
  std::string out_;
};

std::string latency_json(const distribution& d) {
  fields f;
  for (const auto& [name, q] : {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99_9", 0.999}})
    f.add_number(name, d.quantile(q));
  f.add_number("max", d.max());
  f.add_number("samples", d.samples());
  return f.object();
}

}  // namespace

std::string to_table(const result& r) {
  const auto& s = r.settings;
  std::string out;
  const auto line = [&out](std::string_view name, const std::string& what) { out += fmt::format("{:<12}{}\n", name, what); };
  const auto cpu = [&](std::string_view name, double seconds) {
    line(name, fmt::format("{} s a million deliveries", text(per_million(seconds, r.measured_deliveries), 4)));
  };
  line("load", describe(s) + (r.interrupted ? "; interrupted" : ""));
  line("connected", fmt::format("{} handshakes, {:.0f} a second; {} came back", r.handshakes, r.handshakes_per_s, r.rejoined));
  if (!s.idle) {
    const auto rate = [&](std::uint64_t count) { return text(per(count, r.seconds), 0); };
    line("throughput", fmt::format("{} deliveries/s of {} messages/s, in {:.2f} s", rate(r.measured_deliveries),
                                   rate(r.measured_messages), r.seconds));
    const auto us = [&](double q) { return r.latency.quantile(q); };
    line("latency", fmt::format("p50 {} us, p90 {} us, p99 {} us, p99.9 {} us, max {} us", us(0.5), us(0.9), us(0.99), us(0.999),
                                r.latency.max()));
    cpu("own CPU", r.own_cpu_seconds);
    if (r.server) cpu("server CPU", r.server->cpu_seconds);
  }
  if (const auto& u = r.server)
    line("server RSS", fmt::format("{} KiB, {:.0f} bytes a connection", u->resident_bytes / 1024, u->bytes_per_connection));
  if (!s.idle)
    line("received", fmt::format("{} deliveries of {} messages, with warm-up; {} messages of others", r.deliveries,
                                 r.messages, r.others));
  line("errors", fmt::format("{} missing, {} doubled, {} out of order, {} strays",
                             r.missing, r.doubled, r.out_of_order, r.strays));
  if (!s.idle) line("", fmt::format("{} of {} receivers with another order than most", r.order_differs, r.order_checked));
  line("", fmt::format("{} protocol errors, {} lost, {} refused", r.protocol_errors, r.lost, r.refused));
  if (!r.first_failure.empty()) line("", fmt::format("the first: {}", escape(r.first_failure)));
  return out;
}

std::string to_json(const result& r) {
  const auto& s = r.settings;
  fields f;
  f.add("mode", json(mode(s)));
  f.add_number("connections", s.connections);
  f.add_number("rooms", s.rooms);
  f.add_number("senders", s.senders);
  f.add_number("bytes", s.bytes);
  f.add("window", s.rate > 0 || s.idle ? "null" : std::to_string(s.window));
  f.add("rate", s.rate > 0 ? json(s.rate) : "null");
  f.add_number("threads", s.threads);
  f.add("seconds", json(r.seconds));
  f.add("interrupted", r.interrupted ? "true" : "false");
  f.add_number("handshakes", r.handshakes);
  f.add("handshakes_per_s", json(r.handshakes_per_s));
  f.add_number("rejoined", r.rejoined);
  f.add_number("messages", r.messages);
  f.add_number("deliveries", r.deliveries);
  f.add_number("other_messages", r.others);
  f.add("messages_per_s", json(per(r.measured_messages, r.seconds)));
  f.add("deliveries_per_s", json(per(r.measured_deliveries, r.seconds)));
  f.add("latency_us", r.latency.samples() != 0 ? latency_json(r.latency) : "null");
  f.add_number("missing", r.missing);
  f.add_number("doubled", r.doubled);
  f.add_number("out_of_order", r.out_of_order);
  f.add_number("order_checked", r.order_checked);
  f.add_number("order_differs", r.order_differs);
  f.add_number("strays", r.strays);
  f.add_number("protocol_errors", r.protocol_errors);
  f.add_number("lost", r.lost);
  f.add_number("refused", r.refused);
  f.add("first_failure", json(r.first_failure));
  f.add("own_cpu_s_per_million", json(per_million(r.own_cpu_seconds, r.measured_deliveries)));
  if (r.server) {
    f.add("server_cpu_s_per_million", json(per_million(r.server->cpu_seconds, r.measured_deliveries)));
    f.add_number("server_resident_bytes", r.server->resident_bytes);
    f.add("server_bytes_per_connection", json(r.server->bytes_per_connection));
  }
  f.add("clean", r.clean() ? "true" : "false");
  return f.object();
}

}  // namespace roomcast::load
