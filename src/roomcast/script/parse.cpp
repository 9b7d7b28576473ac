#include "roomcast/script/line_reader.hpp"
#include "roomcast/script/script.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace roomcast::script {
namespace {

using namespace std::chrono_literals;
using verb = step::verb;

std::string raw_bytes(line_reader& r) {
  std::string bytes;
  while (!r.at_end()) {
    const auto digits = r.word("bytes in hexadecimal");
    if (digits.size() % 2 != 0) r.fail("bytes in hexadecimal, two digits each");
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      unsigned value = 0;
      const auto [end, ec] = std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
      if (ec != std::errc{} || end != digits.data() + i + 2) r.fail("bytes in hexadecimal, two digits each");
      bytes += static_cast<char>(value);
    }
  }
  if (bytes.empty()) {
    r.here();
    r.fail("bytes in hexadecimal");
  }
  return bytes;
}

// "200 times", before a text in quotes.
void parse_times(line_reader& r, step& s) {
  if (!r.next_is_digit()) return;
  s.times = r.number("a number of times", 1, 1'000'000);
  r.expect("times");
  if (!r.next_is('"')) {
    r.here();
    r.fail("text in double quotes");
  }
}

void parse_sends(line_reader& r, step& s) {
  parse_times(r, s);
  if (r.next_is('"')) {
    s.what = verb::sends_text;
    s.text = r.quoted();
  } else if (r.accept("json")) {
    s.what = verb::sends_text;
    s.text = r.object();
  } else if (r.accept("raw")) {
    s.what = verb::sends_raw;
    s.text = raw_bytes(r);
  } else if (r.accept("fragments")) {
    s.what = verb::sends_fragments;
    do s.list.push_back(r.quoted());
    while (r.next_is('"'));
  } else if (r.accept("ping")) {
    s.what = verb::sends_ping;
    if (r.next_is('"')) s.text = r.quoted();
    if (s.text.size() > 125) r.fail_because("a ping's payload has at most 125 bytes");
  } else {
    r.here();
    r.fail("text in double quotes, json, raw, fragments or ping");
  }
}

void parse_receives(line_reader& r, step& s) {
  parse_times(r, s);
  if (r.next_is('"')) {
    s.what = verb::receives_text;
    s.text = r.quoted();
  } else if (r.accept("json")) {
    s.what = verb::receives_json;
    s.text = r.object();
  } else if (r.accept("matching")) {
    s.what = verb::receives_matching;
    s.text = r.regex();
  } else if (r.accept("pong")) {
    s.what = verb::receives_pong;
    if (r.next_is('"')) s.text = r.quoted();
  } else if (r.accept("nothing")) {
    s.what = verb::receives_nothing;
    r.expect("for");
    s.time = r.duration();
  } else {
    r.here();
    r.fail("text in double quotes, json, matching, pong or nothing");
  }
}

void parse_is(line_reader& r, step& s) {
  if (r.accept("refused")) {
    s.what = verb::is_refused;
    r.expect("with");
    s.number = r.number("an HTTP status", 100, 599);
  } else if (r.accept("closed")) {
    s.what = verb::is_closed;
    r.expect("with");
    s.number = r.number("a close code", 1000, 4999);
  } else if (r.accept("dropped")) {
    s.what = verb::is_dropped;
  } else {
    r.here();
    r.fail("refused, closed or dropped");
  }
}

void parse_connects(line_reader& r, step& s) {
  s.what = verb::connects;
  s.text = r.word("a target like /chat, or a URL");
  if (!s.text.starts_with('/') && !s.text.starts_with("ws://")) r.fail("a target like /chat, or a URL");
  while (r.accept("with")) {
    s.list.push_back(r.quoted());
    if (s.list.back().find(':') == std::string::npos) r.fail_because("a header is a name, a colon and a value");
  }
}

void parse_verb(line_reader& r, step& s, bool many) {
  struct plain {
    std::string_view word, plural;
    verb what;
  };
  static constexpr std::array plains{plain{"leaves", "leave", verb::leaves}, plain{"resets", "reset", verb::resets}, plain{"ends", "end", verb::ends}};
  const auto says = [&](std::string_view one, std::string_view all) { return r.accept(many ? all : one); };
  for (const auto& each : plains)
    if (says(each.word, each.plural)) {
      s.what = each.what;
      return;
    }
  if (says("connects", "connect")) return parse_connects(r, s);
  if (says("sends", "send")) return parse_sends(r, s);
  if (says("receives", "receive")) return parse_receives(r, s);
  if (says("is", "are")) return parse_is(r, s);
  if (says("stops", "stop")) {
    r.expect("reading");
    s.what = verb::stops_reading;
  } else if (says("reads", "read")) {
    r.expect("on");
    s.what = verb::reads_on;
  } else if (says("closes", "close")) {
    r.expect("with");
    s.what = verb::closes;
    s.number = r.number("a close code", 1000, 4999);
    if (r.next_is('"')) s.text = r.quoted();
  } else {
    r.here();
    r.fail(many ? "connect, send, receive, leave, close, end, reset, stop reading, read on or are"
                : "connects, sends, receives, leaves, closes, ends, resets, stops reading, reads on or is");
  }
}

void parse_server(line_reader& r, script& parsed, step& s) {
  s.who = "server";
  if (r.accept("stops")) {
    s.what = verb::server_stops;
  } else if (r.accept("ends")) {
    r.expect("with");
    r.expect("status");
    s.what = verb::server_ends;
    s.number = r.number("an exit status", 0, 255);
  } else {
    r.expect("options");
    if (!parsed.steps.empty()) r.fail_because("the server's options come before the first step");
    while (!r.at_end()) parsed.server_options.push_back(r.next_is('"') ? r.quoted() : std::string{r.word({})});
    return;
  }
  if (r.accept("within")) s.time = r.duration();
  parsed.steps.push_back(std::move(s));
}

bool waits(verb what) {
  switch (what) {
    case verb::connects:
    case verb::sends_text:
    case verb::is_refused:
    case verb::receives_text:
    case verb::receives_json:
    case verb::receives_matching:
    case verb::receives_pong:
    case verb::leaves:
    case verb::is_closed:
    case verb::is_dropped: return true;
    default: return false;
  }
}

void parse_line(std::string_view line, script& parsed, step s) {
  line_reader r{line};
  if (r.at_end()) return;
  s.who = r.word("a client's name");
  if (name_length(s.who) != s.who.size()) r.fail("a client's name: letters, digits and underscores");
  if (s.who == "server") {
    parse_server(r, parsed, s);
  } else {
    bool many = false;
    if (s.who == "crowd") {
      many = r.accept("all");
      if (!many) s.which = r.number("a number, or all", 1, 10'000);
    }
    parse_verb(r, s, many);
    if (many && s.what == verb::connects) r.fail_because("a crowd connects by its number: crowd 100 connects /chat");
    if (waits(s.what) && r.accept("within")) s.time = r.duration();
    parsed.steps.push_back(std::move(s));
  }
  if (!r.at_end()) {
    r.here();
    r.fail("the end of the line");
  }
}

}  // namespace

std::size_t name_length(std::string_view text) noexcept {
  const auto end = std::find_if(text.begin(), text.end(), [](unsigned char c) { return !std::isalnum(c) && c != '_'; });
  return static_cast<std::size_t>(end - text.begin());
}

std::variant<script, parse_error> parse(std::string_view text) {
  script parsed;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    try {
      parse_line(line, parsed, {.line = number});
    } catch (syntax_error& f) {
      return parse_error{number, f.column, std::move(f.what)};
    }
  }
  return parsed;
}

}  // namespace roomcast::script
