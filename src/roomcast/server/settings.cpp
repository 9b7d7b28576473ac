#include "roomcast/server/settings.hpp"

#include "roomcast/error.hpp"
#include "roomcast/room/common.hpp"
#include "roomcast/server/descriptors.hpp"
#include "roomcast/version.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::server {
namespace {

using std::chrono::milliseconds;

constexpr int usage_error = 2;

const std::map<std::string, log_level> levels{{"debug", log_level::debug},
                                              {"info", log_level::info},
                                              {"warning", log_level::warning},
                                              {"error", log_level::error}};

const std::map<std::string, slow_reader_policy> policies{{"close", slow_reader_policy::close},
                                                         {"skip", slow_reader_policy::skip}};

std::string in_units(milliseconds value) {
  return value.count() % 1000 == 0 ? fmt::format("{}s", value.count() / 1000) : fmt::format("{}ms", value.count());
}

std::string in_units(std::size_t bytes) {
  if (bytes >= 1024 * 1024 && bytes % (1024 * 1024) == 0) return fmt::format("{}MiB", bytes / (1024 * 1024));
  if (bytes >= 1024 && bytes % 1024 == 0) return fmt::format("{}KiB", bytes / 1024);
  return std::to_string(bytes);
}

// A number with a unit: "25s", "64KiB". What CLI11 offers for this multiplies without a bound.
std::optional<std::uint64_t> parse_quantity(const std::string& text, const std::vector<std::pair<std::string_view, std::uint64_t>>& units) {
  std::size_t digits = 0;
  std::uint64_t number = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (number > std::numeric_limits<std::uint64_t>::max() / 100) return {};
    number = number * 10 + static_cast<unsigned>(text[digits] - '0');
  }
  const auto unit = std::string_view{text}.substr(digits);
  for (const auto& [name, factor] : units)
    if (digits != 0 && CLI::detail::to_lower(std::string{unit}) == name && number <= (1ull << 53) / factor) return number * factor;
  return {};
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, milliseconds& value, const std::string& description) {
  return app
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            const auto parsed = parse_quantity(text, {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}});
            if (!parsed) throw CLI::ValidationError(name, "'" + text + "' is not a duration like 500ms, 25s, 5m");
            value = milliseconds{*parsed};
          },
          description)
      ->type_name("TIME")
      ->default_str(in_units(value));
}

CLI::Option* add_size(CLI::App& app, const std::string& name, std::size_t& value, const std::string& description) {
  return app
      .add_option_function<std::string>(
          name,
          [&value, name](const std::string& text) {
            const auto parsed = parse_quantity(
                text, {{"", 1}, {"b", 1}, {"k", 1024}, {"kb", 1024}, {"kib", 1024}, {"m", 1u << 20}, {"mb", 1u << 20}, {"mib", 1u << 20}, {"g", 1u << 30}, {"gb", 1u << 30}, {"gib", 1u << 30}});
            if (!parsed) throw CLI::ValidationError(name, "'" + text + "' is not a size like 1000, 64KiB, 1MiB");
            value = *parsed;
          },
          description)
      ->type_name("BYTES")
      ->default_str(in_units(value));
}

template <class Number>
CLI::Option* add_number(CLI::App& app, const std::string& name, Number& value, Number least, Number most, const std::string& description) {
  return app.add_option(name, value, description)->check(CLI::Range(least, most))->type_name("N")->default_str(std::to_string(value));
}

void declare(CLI::App& app, settings& s) {
  constexpr std::size_t million = 1'000'000;
  options& chat = s.chat;
  app.set_config("--config", "", "A TOML or INI file of options: port = 9000");
  app.set_version_flag("--version", std::string{"roomcast "} + version);

  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.option_defaults()->group("Where");
  add_number<std::uint16_t>(app, "-p,--port", s.port, 0, 65535, "The port to listen on; 0 for a free one");
  app.add_option("-a,--address", s.address, "The address to listen on; :: for both families")
      ->type_name("ADDRESS")
      ->default_str(s.address)
      ->check([](const std::string& text) {
        error_code ec;
        boost::asio::ip::make_address(text, ec);
        return ec ? "'" + text + "' is not an IPv4 or IPv6 address" : std::string{};
      });
  app.add_option("--path", chat.path, "The route: PATH is the lobby, PATH/NAME is room NAME")->type_name("PATH")->default_str(chat.path);

  app.option_defaults()->group("Conversation");
  app.add_option("--format", chat.format, "A message as plain text: {name} {text} {room} {seq} {time}")
      ->type_name("FORMAT")
      ->default_str(chat.format);
  app.add_flag("--echo,!--no-echo", chat.echo, "Whether a sender gets its own messages; by default it does");
  app.add_option("--slow-reader", chat.slow_reader, "What happens to a member beyond --max-lag: close or skip")
      ->transform(CLI::CheckedTransformer(policies, CLI::ignore_case))
      ->type_name("POLICY")
      ->default_str("close");

  app.option_defaults()->group("Who may connect");
  app.add_option("--allow-origin", chat.allow_origins, "An origin whose pages may connect, besides this server's; repeatable; * for any")
      ->type_name("ORIGIN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_number(app, "--max-connections", s.max_connections, std::size_t{0}, million, "The most connections; 0 for what the descriptors allow");
  add_number(app, "--max-rooms", chat.max_rooms, std::size_t{1}, 100 * million, "The most rooms");
  add_number(app, "--max-members", chat.max_members, std::size_t{0}, million, "The most members of a room; 0 for any number");

  app.option_defaults()->group("Limits");
  add_size(app, "--max-message-size", chat.max_message_size, "The longest message");
  add_number(app, "--max-fragments", chat.max_fragments, std::size_t{1}, million, "The most frames of one message");
  add_number(app, "--max-control-rate", chat.max_control_rate, std::size_t{0}, million, "The most pings and pongs a second from one connection; 0 for any number");
  add_size(app, "--max-lag", chat.max_lag, "How far a member may fall behind its room");
  add_size(app, "--send-buffer", chat.send_buffer, "What the kernel holds for one connection; 0 for its own sizing");

  app.option_defaults()->group("Patience");
  add_duration(app, "--ping-interval", chat.ping_interval, "After how long a silence a connection is pinged");
  add_duration(app, "--pong-timeout", chat.pong_timeout, "How long it then has to show a sign of life");
  add_duration(app, "--handshake-timeout", s.handshake_timeout, "How long a request may take to come");
  add_duration(app, "--message-timeout", chat.message_timeout, "How long a message may take to come");
  add_duration(app, "--drain-timeout", s.drain_timeout, "How long stopping may take");

  app.option_defaults()->group("Logs");
  app.add_option("--log-level", s.level, "debug, info, warning or error; logs go to stderr")
      ->transform(CLI::CheckedTransformer(levels, CLI::ignore_case))
      ->type_name("LEVEL")
      ->default_str("info");

  app.allow_config_extras(CLI::config_extras_mode::error);
}

// The command line, and what the environment says of options that are not on it. CLI11 would put the environment below the
// configuration file.
std::vector<std::string> with_environment(int argc, const char* const* argv) {
  settings unused;
  CLI::App probe;
  declare(probe, unused);
  probe.set_config();
  probe.allow_extras();
  try {
    probe.parse(argc, argv);
  } catch (const CLI::Error&) {  // is found, and told, when it is parsed for good
  }
  std::vector<std::string> words;
  for (const CLI::Option* o : probe.get_options({})) {
    const std::string name = o->get_single_name();
    if (o->count() != 0 || name == "help" || name == "version") continue;
    std::string variable = "ROOMCAST_" + name;
    for (char& c : variable) c = c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    const char* value = std::getenv(variable.c_str());
    if (!value && name == "port") value = std::getenv("PORT");  // what hosting platforms say
    if (value && *value != '\0') words.push_back(fmt::format("--{}={}", name, value));
  }
  for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  return words;
}

// Says on one line what is wrong; true where nothing is.
bool parse(CLI::App& app, std::vector<std::string> words, int& exit_status) {
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  try {
    app.parse(std::move(words));
    return true;
  } catch (const CLI::Success& e) {
    exit_status = app.exit(e);
  } catch (const CLI::ParseError& e) {
    fmt::print(stderr, "roomcast: {} (see roomcast --help)\n", e.what());
    exit_status = usage_error;
  }
  return false;
}

}  // namespace

std::optional<settings> read_settings(int argc, const char* const* argv, int& exit_status) {
  settings s;
  CLI::App app{"A WebSocket chat server: what a member says, every member of the room hears.", "roomcast"};
  app.footer("Other commands: roomcast listen, send, script; each has a --help of its own.");
  app.get_formatter()->column_width(34);
  declare(app, s);
  if (!parse(app, with_environment(argc, argv), exit_status)) return {};
  if (const auto* const file = app.get_config_ptr(); !file->empty()) s.config_file = file->as<std::string>();
  try {
    const common checked{s.chat};
    const std::size_t allowed = connections_allowed();
    if (s.max_connections == 0) s.max_connections = allowed;
    if (s.max_connections > allowed)
      throw option_error("max_connections", fmt::format("is at most {} here: see ulimit -n", allowed));
  } catch (const option_error& e) {
    std::string flag = "--" + e.field();
    std::replace(flag.begin(), flag.end(), '_', '-');
    fmt::print(stderr, "roomcast: {}{} (see roomcast --help)\n", flag, e.what() + e.field().size());
    exit_status = usage_error;
    return {};
  }
  return s;
}

std::optional<log_level> reread_log_level(const settings& current) {
  settings s;
  CLI::App app;
  declare(app, s);
  const std::string file = "--config=" + current.config_file;
  const char* const argv[] = {"roomcast", file.c_str()};
  auto words = with_environment(current.config_file.empty() ? 1 : 2, argv);
  try {
    app.parse(std::move(words));
  } catch (const CLI::Error&) {
    return {};
  }
  return s.level;
}

}  // namespace roomcast::server
