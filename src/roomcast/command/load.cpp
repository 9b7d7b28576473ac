#include "roomcast/command/commands.hpp"
#include "roomcast/command/tool.hpp"
#include "roomcast/load/process_usage.hpp"
#include "roomcast/load/report.hpp"
#include "roomcast/load/run.hpp"
#include "roomcast/server/descriptors.hpp"
#include "roomcast/server/quantity.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

namespace roomcast::command {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t most_connections = 1'000'000;
constexpr std::size_t longest_message = 16 * 1024 * 1024;
constexpr milliseconds longest = std::chrono::hours{24};

template <class Number>
CLI::Option* add_number(CLI::App& app, const std::string& name, Number& value, Number least, Number most, const std::string& what,
                        const std::string& shown = {}) {
  auto* const option = app.add_option(name, value, what)->check(CLI::Range(least, most))->type_name("N");
  return option->default_str(shown.empty() ? fmt::format("{}", value) : shown);
}

void add_duration(CLI::App& app, const std::string& name, milliseconds& value, milliseconds least, const std::string& what) {
  const auto parse = [&value, name, least](const std::string& text) {
    const auto parsed = server::parse_duration(text);
    if (!parsed) throw CLI::ValidationError(name, "'" + text + "' is not a duration like 500ms, 25s, 5m");
    if (*parsed < least || *parsed > longest)
      throw CLI::ValidationError(name, fmt::format("'{}' is not between {}ms and 24h", text, least.count()));
    value = *parsed;
  };
  const auto shown = fmt::format("{}s", value.count() / 1000);
  app.add_option_function<std::string>(name, parse, what)->type_name("TIME")->default_str(shown);
}

CLI::Option* add_size(CLI::App& app, const std::string& name, std::size_t& value, std::size_t most, const std::string& what) {
  const auto parse = [&value, name, most](const std::string& text) {
    const auto parsed = server::parse_size(text);
    if (!parsed) throw CLI::ValidationError(name, "'" + text + "' is not a size like 1000, 64KiB");
    if (*parsed > most) throw CLI::ValidationError(name, "'" + text + "' is more than 16MiB");
    value = *parsed;
  };
  return app.add_option_function<std::string>(name, parse, what)
      ->type_name("BYTES")
      ->default_str(std::to_string(value));
}

void declare(CLI::App& app, load::settings& s) {
  add_number(app, "--connections", s.connections, 1u, most_connections, "How many connections");
  add_number(app, "--rooms", s.rooms, 1u, most_connections, "How many rooms; if several: the path and /load-0, /load-1, ...");
  auto* const idle = app.add_flag("--idle", s.idle, "Only hold the connections");
  auto* const senders = add_number(app, "--senders", s.senders, 1u, load::marker::max_sender, "How many send", "one a room");
  auto* const bytes = add_size(app, "--bytes", s.bytes, longest_message, "The text of a message");
  app.add_flag("--json-members", s.json_members, "The connections speak roomcast.v1");
  auto* const window = add_number(app, "--window", s.window, 1u, 1'000'000u, "Closed loop: messages in flight of each sender");
  auto* const rate = add_number(app, "--rate", s.rate, 1e-3, 1e9, "Open loop: messages a second of all senders together", "none");
  window->excludes(rate);
  for (auto* const option : {window, rate, senders, bytes}) idle->excludes(option);
  add_duration(app, "--warmup", s.warmup, milliseconds{0}, "How long to send before measuring");
  add_duration(app, "--duration", s.duration, milliseconds{1}, "How long to measure, or to hold");
  add_duration(app, "--drain", s.drain, milliseconds{0}, "The most to wait for what is under way at the end");
  add_number(app, "--stalled", s.stalled, 0u, most_connections, "How many of the connections never read; they are not counted");
  add_number(app, "--churn", s.churn, 0.0, 1e6, "How many connections a second leave and come back; senders stay");
  add_number(app, "--threads", s.threads, 1u, 256u, "Threads");
  app.add_option("--server-pid", s.server, "The server's process, whose CPU time and memory are reported")->type_name("PID");
}

// What cannot be had on this machine.
std::string fault_here(const load::settings& s) {
  const auto allowed = server::connections_allowed(s.threads);
  if (s.connections > allowed)
    return fmt::format("--connections: {} are more than the {} that ulimit -n allows", s.connections, allowed);
  if (s.server != 0 && !load::usage_of(s.server)) return fmt::format("--server-pid: there is no process {}", s.server);
  return {};
}

int report(const load::result& r, bool json) {
  const auto text = json ? load::to_json(r) + "\n" : load::to_table(r);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    fmt::print(stderr, "roomcast load: cannot write: {}\n", std::strerror(errno));
    return EXIT_FAILURE;
  }
  return r.clean() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int load(words w) {
  constexpr int usage_error = 2;
  load::settings s;
  std::string url;
  bool json = false;
  CLI::App app{"Puts load on a server that sends each text to all of its room, and checks what comes.", "roomcast load"};
  app.add_option("URL", url, "ws://host:port/path")->required();
  declare(app, s);
  app.add_flag("--json", json, "Print one JSON object");
  int status = 0;
  const auto where = parse_tool(app, url, w, status);
  if (!where) return status;
  s.where = *where;
  auto fault = load::fault_of(s);
  if (fault.empty()) fault = fault_here(s);
  if (!fault.empty()) {
    fmt::print(stderr, "roomcast load: {} (see roomcast load --help)\n", fault);
    return usage_error;
  }
  const auto addresses = load::resolve(s.where, fault);
  if (addresses.empty()) {
    fmt::print(stderr, "roomcast load: {}\n", fault);
    return EXIT_FAILURE;
  }
  try {
    return report(load::run(s, addresses, ::isatty(STDERR_FILENO) != 0), json);
  } catch (const std::system_error& e) {
    fmt::print(stderr, "roomcast load: {}\n", e.what());
    return EXIT_FAILURE;
  }
}

}  // namespace roomcast::command
