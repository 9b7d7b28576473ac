#pragma once

#include "roomcast/client/url.hpp"
#include "roomcast/command/commands.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>

namespace roomcast::command {

/// Parses the words of a sub-command whose positional `url` is a URL. Where the command ends here, its exit status goes to
/// `status`, and what is wrong has been said.
inline std::optional<client::url> parse_tool(CLI::App& app, const std::string& url, words w, int& status) {
  constexpr int usage_error = 2;
  std::string fault;
  try {
    app.parse(static_cast<int>(w.size()), w.data());
    if (auto where = client::parse_url(url, fault)) return where;
  } catch (const CLI::Success& e) {
    status = app.exit(e);
    return {};
  } catch (const CLI::ParseError& e) {
    fault = e.what();
  }
  fmt::print(stderr, "{}: {} (see {} --help)\n", app.get_name(), fault, app.get_name());
  status = usage_error;
  return {};
}

}  // namespace roomcast::command
