#include "roomcast/script/script.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <initializer_list>
#include <regex>
#include <utility>

namespace roomcast::script {
namespace {

using namespace std::chrono_literals;
using verb = step::verb;

struct failure {
  std::size_t column;
  std::string what;
};

// One line of a script, read from left to right. Throws `failure`.
class reader {
 public:
  explicit reader(std::string_view line) : line_(line) { skip_blanks(); }

  bool at_end() const { return at_ == line_.size(); }

  // The next word, up to a blank.
  std::string_view word(std::string_view expected) {
    begin_ = at_;
    if (at_end()) fail(expected);
    while (!at_end() && !is_blank(line_[at_])) ++at_;
    const auto found = line_.substr(begin_, at_ - begin_);
    skip_blanks();
    return found;
  }

  // The next word where it is `w`.
  bool accept(std::string_view w) {
    const auto saved = *this;
    if (!at_end() && word({}) == w) return true;
    *this = saved;
    return false;
  }

  void expect(std::string_view w) {
    if (!accept(w)) {
      begin_ = at_;
      fail("'" + std::string{w} + "'");
    }
  }

  bool next_is(char c) const { return !at_end() && line_[at_] == c; }
  bool next_is_digit() const { return !at_end() && line_[at_] >= '0' && line_[at_] <= '9'; }

  std::string quoted() {
    begin_ = at_;
    if (!next_is('"')) fail("text in double quotes");
    std::string text;
    for (++at_; !at_end() && line_[at_] != '"'; ++at_) text += line_[at_] == '\\' ? escape() : std::string(1, line_[at_]);
    if (at_end()) fail_because("the text has no closing quote");
    ++at_;
    end_of_word();
    return text;
  }

  // A JSON object, to the brace that ends it.
  std::string object() {
    begin_ = at_;
    if (!next_is('{')) fail("a JSON object");
    int depth = 0;
    bool in_string = false;
    for (; !at_end(); ++at_) {
      const char c = line_[at_];
      if (in_string) {
        if (c == '\\' && at_ + 1 < line_.size())
          ++at_;
        else if (c == '"')
          in_string = false;
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if ((c == '}' || c == ']') && --depth == 0) {
        ++at_;
        const auto found = line_.substr(begin_, at_ - begin_);
        end_of_word();
        return std::string{found};
      }
    }
    fail_because("the JSON object has no end");
  }

  std::string regex() {
    begin_ = at_;
    if (!next_is('/')) fail("a regular expression between slashes");
    std::string text;
    for (++at_; !at_end() && line_[at_] != '/'; ++at_) {
      if (line_[at_] == '\\' && at_ + 1 < line_.size()) {
        if (line_[at_ + 1] != '/') text += '\\';
        ++at_;
      }
      text += line_[at_];
    }
    if (at_end()) fail_because("the regular expression has no closing slash");
    ++at_;
    end_of_word();
    try {
      std::regex{text};
    } catch (const std::regex_error&) {
      fail_because("the regular expression is not one that ECMAScript has");
    }
    return text;
  }

  unsigned number(std::string_view expected, unsigned least, unsigned most) {
    const auto digits = word(expected);
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (ec != std::errc{} || end != digits.data() + digits.size() || value < least || value > most) fail(expected);
    return value;
  }

  std::chrono::milliseconds duration() {
    const auto text = word("a duration like 200ms, 5s");
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (ec != std::errc{} || value > 3'600'000 || (unit != "ms" && unit != "s")) fail("a duration like 200ms, 5s");
    return unit == "s" ? std::chrono::seconds{value} : std::chrono::milliseconds{value};
  }

  // Says what should stand where the word that was read last begins.
  [[noreturn]] void fail(std::string_view expected) const { fail_because("expected " + std::string{expected} + found()); }
  [[noreturn]] void fail_because(std::string what) const { throw failure{begin_ + 1, std::move(what)}; }
  void here() { begin_ = at_; }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  void skip_blanks() {
    while (!at_end() && is_blank(line_[at_])) ++at_;
    if (next_is('#')) at_ = line_.size();  // a comment, as only what follows a blank can be
  }

  void end_of_word() {
    if (!at_end() && !is_blank(line_[at_])) {
      begin_ = at_;
      fail("a blank");
    }
    skip_blanks();
  }

  std::string found() const {
    const auto rest = line_.substr(begin_, line_.find_first_of(" \t\r", begin_) - begin_);
    return rest.empty() || rest.front() == '#' ? ", found the end of the line" : ", found '" + std::string{rest} + "'";
  }

  std::string escape() {
    const auto backslash = at_++;
    const auto hexadecimal = [&](std::size_t digits) {
      unsigned value = 0;
      const auto text = line_.substr(std::min(at_ + 1, line_.size()), digits);
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
      if (text.size() != digits || ec != std::errc{} || end != text.data() + digits) {
        begin_ = backslash;
        fail_because("the escape needs " + std::to_string(digits) + " hexadecimal digits");
      }
      at_ += digits;
      return value;
    };
    switch (at_end() ? '\0' : line_[at_]) {
      case 'n': return "\n";
      case 'r': return "\r";
      case 't': return "\t";
      case '0': return std::string(1, '\0');
      case '"': return "\"";
      case '\\': return "\\";
      case 'x': return std::string(1, static_cast<char>(hexadecimal(2)));
      default: begin_ = backslash; fail_because("unknown escape: there are \\n \\r \\t \\0 \\\" \\\\ \\xHH");
    }
  }

  std::string_view line_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the last word
};

std::string raw_bytes(reader& r) {
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
void parse_times(reader& r, step& s) {
  if (!r.next_is_digit()) return;
  s.times = r.number("a number of times", 1, 1'000'000);
  r.expect("times");
  if (!r.next_is('"')) {
    r.here();
    r.fail("text in double quotes");
  }
}

void parse_sends(reader& r, step& s) {
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

void parse_receives(reader& r, step& s) {
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

void parse_is(reader& r, step& s) {
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

void parse_connects(reader& r, step& s) {
  s.what = verb::connects;
  s.text = r.word("a target like /chat, or a URL");
  if (!s.text.starts_with('/') && !s.text.starts_with("ws://")) r.fail("a target like /chat, or a URL");
  while (r.accept("with")) {
    s.list.push_back(r.quoted());
    if (s.list.back().find(':') == std::string::npos) r.fail_because("a header is a name, a colon and a value");
  }
}

void parse_verb(reader& r, step& s, bool many) {
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

void parse_server(reader& r, script& parsed, step& s) {
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
  reader r{line};
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
    } catch (failure& f) {
      return parse_error{number, f.column, std::move(f.what)};
    }
  }
  return parsed;
}

}  // namespace roomcast::script
