#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// The language of scripted clients, as data. README.md has its grammar.

namespace roomcast::script {

/// One step of a script.
struct step {
  enum class verb {
    connects,           ///< `text`: the target; `list`: header lines
    is_refused,         ///< `number`: the status
    sends_text,         ///< `text`
    sends_fragments,    ///< `list`
    sends_raw,          ///< `text`: the bytes
    sends_ping,         ///< `text`: the payload
    receives_text,      ///< `text`
    receives_json,      ///< `text`: a pattern
    receives_matching,  ///< `text`: a regular expression
    receives_pong,      ///< `text`: the payload
    receives_nothing,   ///< `time`
    stops_reading,
    reads_on,
    leaves,
    closes,     ///< `number`: the code; `text`: the reason
    ends,       ///< our side only
    resets,
    is_closed,  ///< `number`: the code
    is_dropped,
    server_stops,
    server_ends,  ///< `number`: the exit status
  };

  std::size_t line = 0;
  std::string who = {};       ///< a client's name; "crowd" for one or all of the crowd; "server"
  std::size_t which = 0;      ///< of the crowd: its size for `connects`; otherwise a member from 1 on, or 0 for all
  verb what{};
  std::string text = {};
  std::vector<std::string> list = {};
  unsigned number = 0;
  unsigned times = 1;  ///< for `sends_text` and `receives_text`
  std::chrono::milliseconds time{2000};  ///< the deadline, or how long nothing may come
};

/// A whole script: how its server is started, and what its clients do.
struct script {
  std::vector<std::string> server_options = {};
  std::vector<step> steps = {};
};

struct parse_error {
  std::size_t line = 0, column = 0;  // from 1 on
  std::string what;
};

std::variant<script, parse_error> parse(std::string_view text);

/// How long the name at the beginning of `text` is: letters, digits and underscores.
std::size_t name_length(std::string_view text) noexcept;

}  // namespace roomcast::script
