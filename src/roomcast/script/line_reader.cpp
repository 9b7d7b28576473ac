#include "roomcast/script/line_reader.hpp"

#include <algorithm>
#include <charconv>
#include <regex>

namespace roomcast::script {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace

std::string_view line_reader::word(std::string_view expected) {
  begin_ = at_;
  if (at_end()) fail(expected);
  while (!at_end() && !is_blank(line_[at_])) ++at_;
  const auto found = line_.substr(begin_, at_ - begin_);
  skip_blanks();
  return found;
}

bool line_reader::accept(std::string_view w) {
  const auto saved = *this;
  if (!at_end() && word({}) == w) return true;
  *this = saved;
  return false;
}

void line_reader::expect(std::string_view w) {
  if (!accept(w)) {
    begin_ = at_;
    fail("'" + std::string{w} + "'");
  }
}

std::string line_reader::quoted() {
  begin_ = at_;
  if (!next_is('"')) fail("text in double quotes");
  std::string text;
  for (++at_; !at_end() && line_[at_] != '"'; ++at_) text += line_[at_] == '\\' ? escape() : std::string(1, line_[at_]);
  if (at_end()) fail_because("the text has no closing quote");
  ++at_;
  end_of_word();
  return text;
}

std::string line_reader::object() {
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

std::string line_reader::regex() {
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

unsigned line_reader::number(std::string_view expected, unsigned least, unsigned most) {
  const auto digits = word(expected);
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (ec != std::errc{} || end != digits.data() + digits.size() || value < least || value > most) fail(expected);
  return value;
}

std::chrono::milliseconds line_reader::duration() {
  const auto text = word("a duration like 200ms, 5s");
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (ec != std::errc{} || value > 3'600'000 || (unit != "ms" && unit != "s")) fail("a duration like 200ms, 5s");
  return unit == "s" ? std::chrono::seconds{value} : std::chrono::milliseconds{value};
}

void line_reader::skip_blanks() {
  while (!at_end() && is_blank(line_[at_])) ++at_;
  if (next_is('#')) at_ = line_.size();  // a comment, as only what follows a blank can be
}

void line_reader::end_of_word() {
  if (!at_end() && !is_blank(line_[at_])) {
    begin_ = at_;
    fail("a blank");
  }
  skip_blanks();
}

std::string line_reader::found() const {
  const auto rest = line_.substr(begin_, line_.find_first_of(" \t\r", begin_) - begin_);
  return rest.empty() || rest.front() == '#' ? ", found the end of the line" : ", found '" + std::string{rest} + "'";
}

std::string line_reader::escape() {
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

}  // namespace roomcast::script
