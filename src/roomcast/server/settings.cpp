#include "roomcast/server/settings.hpp"

#include "roomcast/error.hpp"
#include "roomcast/room/common.hpp"
#include "roomcast/server/descriptors.hpp"
#include "roomcast/server/quantity.hpp"
#include "roomcast/version.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::server {
namespace {

using std::chrono::milliseconds;

constexpr int usage_error = 2;
constexpr milliseconds year = std::chrono::hours{365 * 24};

constexpr std::array<std::pair<const char*, log_level>, 4> levels{{{"debug", log_level::debug}, {"info", log_level::info}, {"warning", log_level::warning}, {"error", log_level::error}}};
constexpr std::array<std::pair<const char*, log_format>, 2> formats{{{"text", log_format::text}, {"json", log_format::json}}};
constexpr std::array<std::pair<const char*, slow_reader_policy>, 2> policies{{{"close", slow_reader_policy::close}, {"skip", slow_reader_policy::skip}}};

constexpr std::array<std::pair<const char*, binary_policy>, 2> binaries{{{"refuse", binary_policy::refuse}, {"relay", binary_policy::relay}}};

std::string in_units(milliseconds value) {
  return value.count() % 1000 == 0 ? fmt::format("{}s", value.count() / 1000) : fmt::format("{}ms", value.count());
}

std::string in_units(std::size_t bytes) {
  if (bytes >= 1024 * 1024 && bytes % (1024 * 1024) == 0) return fmt::format("{}MiB", bytes / (1024 * 1024));
  if (bytes >= 1024 && bytes % 1024 == 0) return fmt::format("{}KiB", bytes / 1024);
  return std::to_string(bytes);
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, milliseconds& value, const std::string& description,
                          milliseconds least = milliseconds{1}, int most_years = 1) {
  return app
      .add_option_function<std::string>(
          name,
          [&value, name, least, most_years](const std::string& text) {
            const auto parsed = parse_duration(text);
            if (!parsed) throw CLI::ValidationError(name, "'" + text + "' is not a duration like 500ms, 25s, 5m, 30d");
            if (*parsed < least || *parsed > most_years * year)
              throw CLI::ValidationError(name, fmt::format("'{}' is not between {} and {}", text, in_units(least), most_years == 1 ? "a year" : fmt::format("{} years", most_years)));
            value = *parsed;
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
            const auto parsed = parse_size(text);
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

// "5", "5:20"
void add_rate(CLI::App& app, const std::string& name, options& chat, const std::string& description) {
  app.add_option_function<std::string>(
         name,
         [&chat, name](const std::string& text) {
           const auto colon = text.find(':');
           const auto rate = parse_count(text.substr(0, colon));
           const auto burst = colon == text.npos ? 0 : parse_count(text.substr(colon + 1));
           if (!rate || !burst || (colon != text.npos && *burst == 0))
             throw CLI::ValidationError(name, "'" + text + "' is not a rate like 5 or 5:20, of messages a second and at once");
           chat.rate = *rate;
           chat.burst = *burst;
         },
         description)
      ->type_name("N[:BURST]")
      ->default_str("0");
}

template <class Value, std::size_t N>
void add_choice(CLI::App& app, const std::string& name, Value& value, const std::array<std::pair<const char*, Value>, N>& choices,
                const std::string& description) {
  app.add_option_function<std::string>(
         name,
         [&value, &choices, name](const std::string& text) {
           std::string names;
           for (const auto& [each, stands_for] : choices) {
             if (text == each) return void(value = stands_for);
             names += fmt::format("{}{}", names.empty() ? "" : ", ", each);
           }
           throw CLI::ValidationError(name, fmt::format("'{}' is none of {}", text, names));
         },
         description)
      ->type_name("WORD")
      ->default_str(choices[value == choices[0].second ? 0 : 1].first);
}

// As a browser sends it: a scheme and a host, and a port where it is not the scheme's own.
std::string origin_fault(const std::string& text) {
  const auto separator = text.find("://");
  const bool is_origin = separator != text.npos && separator > 0 && separator + 3 < text.size() && text.find('/', separator + 3) == text.npos;
  return is_origin || text == "*" || text == "null" ? "" : fmt::format("'{}' is not an origin like https://example.org, nor *", text);
}

void declare(CLI::App& app, settings& s) {
  constexpr std::size_t million = 1'000'000;
  options& chat = s.chat;
  app.set_config("--config", "", "A TOML or INI file of options: port = 9000")->type_name("FILE");
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
  app.add_option("--admin-port", s.admin_port, "The port that answers /metrics and /api, instead of the other; 0 for a free one")
      ->check(CLI::Range(0, 65535))
      ->type_name("N");
  add_number(app, "--threads", s.threads, std::size_t{1}, std::size_t{256}, "Threads that share the connections");
  app.add_option("--path", chat.path, "The route: PATH is the lobby, PATH/NAME is room NAME")->type_name("PATH")->default_str(chat.path);

  app.option_defaults()->group("Conversation");
  app.add_option("--format", chat.format, "A message as plain text: {name} {text} {room} {seq} {time}")
      ->type_name("FORMAT")
      ->default_str(chat.format);
  app.add_flag("--echo,!--no-echo", chat.echo, "Whether a sender gets its own messages; by default it does");
  add_choice(app, "--slow-reader", chat.slow_reader, policies, "What happens to a member beyond --max-lag: close or skip");

  add_number(app, "--history", chat.history, std::size_t{0}, million, "How many messages a plain-text newcomer is sent of what its room remembers");
  add_number(app, "--presence-limit", chat.presence_limit, std::size_t{0}, million, "In larger rooms JSON members are told how many there are, not who comes and goes");
  add_choice(app, "--binary", chat.binary, binaries, "What becomes of binary messages: refuse (1003), or relay, as they came");

  app.option_defaults()->group("Who may connect");
  app.add_option("--allow-origin", chat.allow_origins, "An origin whose pages may connect, besides this server's; repeatable; * for any")
      ->type_name("ORIGIN")
      ->check(origin_fault)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--api-key-file", s.api_key_file, "The keys of those who may use /api, one a line; without it there is none")->type_name("FILE");
  add_number(app, "--max-connections", s.max_connections, std::size_t{0}, million, "The most connections; 0 for what the descriptors allow");
  add_number(app, "--max-connections-per-ip", s.max_connections_per_ip, std::size_t{0}, million, "The most from one address; 0 for any number");
  add_number(app, "--handshake-rate", chat.handshake_rate, std::size_t{0}, million, "The most handshakes a second; 0 for any number");
  add_number(app, "--max-rooms", chat.max_rooms, std::size_t{1}, 100 * million, "The most rooms");
  add_number(app, "--max-members", chat.max_members, std::size_t{0}, million, "The most members of a room; 0 for any number");

  app.option_defaults()->group("Limits");
  add_size(app, "--max-message-size", chat.max_message_size, "The longest message");
  add_number(app, "--max-fragments", chat.max_fragments, std::size_t{1}, million, "The most frames of one message");
  add_number(app, "--max-control-rate", chat.max_control_rate, std::size_t{0}, million, "The most pings and pongs a second from one connection; 0 for any number");
  add_rate(app, "--rate", chat, "The most messages a second of one connection, and how many at once; 0 for any number");
  add_size(app, "--max-lag", chat.max_lag, "How far a member may fall behind its room");
  add_size(app, "--memory-budget", chat.memory_budget, "What is held for all members together; 0 for half of the machine's memory");
  add_size(app, "--send-buffer", chat.send_buffer, "What the kernel holds for one connection; 0 for its own sizing");

  app.option_defaults()->group("What rooms remember");
  add_number(app, "--retain-messages", chat.retain_messages, std::size_t{0}, million, "How many of its last messages a room remembers; 0 for none");
  add_size(app, "--retain-bytes", chat.retain_bytes, "How much memory they may take up");
  add_duration(app, "--retain-age", chat.retain_age, "For how long they are remembered");
  add_size(app, "--retain-total", chat.retain_total, "How much memory they may take up in all rooms together");

  app.add_option("--data", s.data, "The SQLite file in which they are stored, so that nothing that was acknowledged is lost")->type_name("FILE");
  add_number(app, "--data-messages", s.data_messages, std::uint64_t{0}, std::uint64_t{1'000'000'000'000}, "How many messages of a room are stored; 0 for all");
  add_duration(app, "--data-age", s.data_age, "For how long they are stored; 0s for ever", milliseconds{0}, 100);

  app.option_defaults()->group("Patience");
  add_duration(app, "--ping-interval", chat.ping_interval, "After how long a silence a connection is pinged");
  add_duration(app, "--pong-timeout", chat.pong_timeout, "How long it then has to show a sign of life");
  add_duration(app, "--handshake-timeout", s.handshake_timeout, "How long a request may take to come");
  add_duration(app, "--message-timeout", chat.message_timeout, "How long a message may take to come");
  add_duration(app, "--send-timeout", chat.send_timeout, "How long a connection may take nothing of what waits for it");
  add_duration(app, "--close-timeout", chat.close_timeout, "How long a closing connection has for the rest");
  add_duration(app, "--drain-timeout", s.drain_timeout, "How long stopping may take");

  app.option_defaults()->group("Logs");
  add_choice(app, "--log-level", s.level, levels, "debug, info, warning or error; logs go to stderr");
  add_choice(app, "--log-format", s.format, formats, "text, or json: an object on each line");
  app.add_flag("--access-log", s.access_log, "Logs each request, and each member that has left, at level info");

  app.allow_config_extras(CLI::config_extras_mode::error);
}

// The command line, and what the environment says of options that are not on it. CLI11 would put the environment below the
// configuration file.
std::vector<std::string> with_environment(int argc, const char* const* argv) {
  settings unused;
  CLI::App probe;
  declare(probe, unused);
  std::string file;
  probe.set_config();
  probe.add_option("--config", file);
  probe.allow_extras();
  try {
    probe.parse(argc, argv);
  } catch (const CLI::Error&) {  // is found, and told, when it is parsed for good
  }
  std::vector<std::string> words;
  for (const CLI::Option* o : probe.get_options({})) {
    if (o->count() != 0) continue;
    for (const std::string& name : o->get_lnames()) {
      if (name == "help" || name == "version") continue;
      std::string variable = "ROOMCAST_" + name;
      for (char& c : variable) c = c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      const char* value = std::getenv(variable.c_str());
      if (!value && name == "port") value = std::getenv("PORT");  // what hosting platforms say
      if (value && *value != '\0') words.push_back(fmt::format("--{}={}", name, value));
    }
  }
  for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  return words;
}

// Throws `CLI::Error`, whose text says what is wrong, and `option_error`.
void parse(CLI::App& app, settings& s, const std::vector<std::string>& words) {
  std::vector<const char*> argv{"roomcast"};
  for (const auto& w : words) argv.push_back(w.c_str());
  auto all = with_environment(static_cast<int>(argv.size()), argv.data());
  std::reverse(all.begin(), all.end());  // as CLI11 wants them
  try {
    app.parse(std::move(all));
  } catch (const CLI::FileError& e) {
    throw CLI::ValidationError("--config", e.what());
  } catch (const CLI::ConfigError& e) {
    const std::string_view text = e.what();
    throw CLI::ValidationError("--config", fmt::format("there is no option '{}'", text.substr(text.rfind(' ') + 1)));
  }
  const common checked{s.chat};
  const std::size_t allowed = connections_allowed(s.threads);
  if (s.max_connections == 0) s.max_connections = allowed;
  if (s.max_connections > allowed) throw option_error("max_connections", fmt::format("is at most {} here: see ulimit -n", allowed));
}

// An option by the name that it has on the command line.
std::string as_flag(const option_error& e) {
  std::string flag = "--" + e.field();
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag + (e.what() + e.field().size());
}

}  // namespace

std::optional<settings> read_settings(int argc, const char* const* argv, int& exit_status) {
  settings s;
  s.words.assign(argv + 1, argv + argc);
  CLI::App app{"A WebSocket chat server: what a member says, every member of the room hears.", "roomcast"};
  app.footer("Other commands: roomcast listen, send, script; each has a --help of its own.");
  app.get_formatter()->column_width(34);
  declare(app, s);
  std::string fault;
  try {
    parse(app, s, s.words);
    return s;
  } catch (const CLI::Success& e) {
    exit_status = app.exit(e);
    return {};
  } catch (const CLI::ParseError& e) {
    fault = e.what();
  } catch (const option_error& e) {
    fault = as_flag(e);
  }
  fmt::print(stderr, "roomcast: {} (see roomcast --help)\n", fault);
  exit_status = usage_error;
  return {};
}

std::optional<log_level> reread_log_level(const settings& current, std::string& fault) {
  settings s;
  CLI::App app;
  declare(app, s);
  try {
    parse(app, s, current.words);
    return s.level;
  } catch (const CLI::Error& e) {
    fault = e.what();
  } catch (const option_error& e) {
    fault = as_flag(e);
  }
  return {};
}

}  // namespace roomcast::server
