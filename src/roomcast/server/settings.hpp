#pragma once

#include "roomcast/options.hpp"
#include "roomcast/server/log_line.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace roomcast::server {

/// How the command serves: what the command line, the environment and the configuration file said. Sizes are bytes.
struct settings {
  std::string address = "0.0.0.0";  ///< `::` for both families
  std::uint16_t port = 8080;        ///< 0 for a free one

  /// Where /metrics is answered, and nothing for members; 0 for a free one. Without it, at `port`.
  std::optional<std::uint16_t> admin_port;

  /// Lanes: each has a thread, and its share of the connections.
  std::size_t threads = 1;

  /// The most connections at a time; 0 for what the limit of descriptors allows.
  std::size_t max_connections = 0;

  /// The most connections from one IPv4 address or IPv6 network of 64 bits; 0 for any number.
  std::size_t max_connections_per_ip = 0;

  /// How long a request may take from the connection, or from the answer before it, to its last byte.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};

  /// How long stopping may take.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds{10};

  /// The file with the keys of those who may use the API; without one there is none.
  std::string api_key_file;

  /// Where rooms' messages are stored, and for how long: the file, or none; how many messages of a room, and for how long, where
  /// that is not 0.
  std::string data;
  std::uint64_t data_messages = 0;
  std::chrono::milliseconds data_age{0};

  log_level level = log_level::info;
  log_format format = log_format::text;
  bool access_log = false;  ///< a line for each request, and for each member that has left
  std::vector<std::string> words;  ///< of the command line, to be read again on SIGHUP

  options chat;
};

/// Reads them, flags before environment before file. Where the command ends here (`--help`, or something is wrong, which it
/// has said on stderr), its exit status goes to `exit_status`.
std::optional<settings> read_settings(int argc, const char* const* argv, int& exit_status);

/// Reads everything again for the log level, as the configuration file may have changed; nothing where something is wrong
/// there, and `fault` says what.
std::optional<log_level> reread_log_level(const settings& current, std::string& fault);

}  // namespace roomcast::server
