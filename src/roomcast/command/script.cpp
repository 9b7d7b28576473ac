#include "roomcast/client/url.hpp"
#include "roomcast/command/child_server.hpp"
#include "roomcast/command/commands.hpp"
#include "roomcast/script/runner.hpp"
#include "roomcast/script/script.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

namespace roomcast::command {
namespace {

constexpr int usage_error = 2;

struct settings {
  std::vector<std::string> files;
  std::string url;
  bool start = false;
  std::vector<std::string> server_options;
  unsigned jobs = 1;
};

struct outcome {
  std::string file;
  std::optional<script::failure> failed;
  std::string server_fault;  // of a server that did not end as it should
  std::string not_run;       // why it could not be
};

std::optional<std::string> contents(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return {};
  try {
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  } catch (const std::ios_base::failure&) {  // a folder, for one
    return {};
  }
}

outcome play(const std::string& file, const script::script& parsed, const settings& s) {
  outcome o{.file = file, .failed = {}, .server_fault = {}, .not_run = {}};
  try {
    std::unique_ptr<child_server> server;
    client::url where;
    if (s.start) {
      auto options = parsed.server_options;
      options.insert(options.end(), s.server_options.begin(), s.server_options.end());
      server = std::make_unique<child_server>(options);
      where = {.host = "127.0.0.1", .port = server->port(), .target = "/"};
    } else {
      std::string fault;
      where = *client::parse_url(s.url, fault);
    }
    {
      script::runner runner{parsed, where, server.get()};
      o.failed = runner.run();
    }
    if (server) {
      const bool awaited = server->status().has_value();
      const int status = server->end();
      if (!awaited && status != 0) o.server_fault = fmt::format("the server ended with status {}", status);
    }
  } catch (const std::exception& e) {
    o.not_run = e.what();
  }
  return o;
}

// A string of YAML's, in which a quote is doubled.
std::string yaml(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out += '\'';
}

void report(std::size_t number, const outcome& o) {
  const bool ok = !o.failed && o.server_fault.empty() && o.not_run.empty();
  fmt::print("{} {} - {}\n", ok ? "ok" : "not ok", number, o.file);
  if (ok) return;
  fmt::print("  ---\n");
  if (!o.not_run.empty()) fmt::print("  message: {}\n", yaml(o.not_run));
  if (!o.server_fault.empty()) fmt::print("  message: {}\n", yaml(o.server_fault));
  if (o.failed)
    fmt::print("  at: {}\n  expected: {}\n  came: {}\n", yaml(fmt::format("{}:{}", o.file, o.failed->line)),
               yaml(o.failed->expected), yaml(o.failed->came));
  fmt::print("  ...\n");
}

}  // namespace

int script(words w) {
  settings s;
  CLI::App app{"Plays scripted clients against a server, and prints TAP.", "roomcast script"};
  app.add_option("FILE", s.files, "Scripts; options of the server's follow after --")->required();
  app.add_option("--url", s.url, "The server to play against: ws://host:port");
  app.add_flag("--start", s.start, "Start a server for each script, with the options of its 'server options' line");
  app.add_option("--jobs", s.jobs, "How many scripts to play side by side")->check(CLI::Range(1u, 64u))->type_name("N");

  // CLI11 takes what follows -- for more files.
  std::size_t own = 0;
  while (own < w.size() && std::string_view{w[own]} != "--") ++own;
  for (std::size_t i = own + 1; i < w.size(); ++i) s.server_options.emplace_back(w[i]);
  try {
    app.parse(static_cast<int>(own), w.data());
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    fmt::print(stderr, "roomcast script: {} (see roomcast script --help)\n", e.what());
    return usage_error;
  }
  std::string fault;
  if (s.start == !s.url.empty()) fault = "needs either --url or --start";
  if (fault.empty() && !s.start && !s.server_options.empty()) fault = "takes options for a server only with --start";
  if (fault.empty() && !s.url.empty())
    if (const auto where = client::parse_url(s.url, fault); where && where->target != "/") fault = "'" + s.url + "' has a path, which each target brings";
  if (!fault.empty()) {
    fmt::print(stderr, "roomcast script: {}{} (see roomcast script --help)\n", fault.starts_with("'") ? "--url: " : "", fault);
    return usage_error;
  }

  // All are read before the first is played, so that nothing is played in vain.
  std::vector<script::script> scripts;
  for (const auto& file : s.files) {
    const auto text = contents(file);
    if (!text) {
      fmt::print(stderr, "roomcast script: {} cannot be read\n", file);
      return usage_error;
    }
    auto parsed = script::parse(*text);
    if (const auto* const error = std::get_if<script::parse_error>(&parsed)) {
      fmt::print(stderr, "{}:{}:{}: {}\n", file, error->line, error->column, error->what);
      return usage_error;
    }
    scripts.push_back(std::move(std::get<script::script>(parsed)));
  }

  fmt::print("TAP version 13\n1..{}\n", scripts.size());
  std::mutex lock;
  std::condition_variable finished;
  std::vector<std::optional<outcome>> outcomes(scripts.size());  // guarded by the lock
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> players;
  for (unsigned i = 0; i < s.jobs; ++i)
    players.emplace_back([&] {
      for (std::size_t at; (at = next++) < scripts.size();) {
        auto played = play(s.files[at], scripts[at], s);
        const std::lock_guard held{lock};
        outcomes[at] = std::move(played);
        finished.notify_one();
      }
    });
  int status = EXIT_SUCCESS;
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    std::unique_lock held{lock};
    finished.wait(held, [&] { return outcomes[i].has_value(); });
    const outcome o = *std::move(outcomes[i]);
    held.unlock();
    report(i + 1, o);
    std::fflush(stdout);
    const bool ok = !o.failed && o.server_fault.empty();
    if (!o.not_run.empty()) status = usage_error;
    else if (!ok && status == EXIT_SUCCESS) status = EXIT_FAILURE;
  }
  return status;
}

}  // namespace roomcast::command
