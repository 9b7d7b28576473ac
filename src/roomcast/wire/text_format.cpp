#include "roomcast/wire/text_format.hpp"

#include "roomcast/utf8.hpp"
#include "roomcast/wire/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

namespace roomcast::wire {
namespace {

[[noreturn]] void fail(std::string_view what, std::size_t at) {
  throw std::invalid_argument(fmt::format("{} at character {}", what, at + 1));
}

}  // namespace

iso_time::iso_time(std::chrono::system_clock::time_point time) noexcept {
  using namespace std::chrono;
  const auto whole = floor<milliseconds>(time);
  const auto day = floor<days>(whole);
  const year_month_day date{day};
  const hh_mm_ss clock{whole - day};
  char* at = text_.data();
  const auto put = [&](std::int64_t value, int digits, char after) {
    for (int i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
    at[digits] = after;
    at += digits + 1;
  };
  put(int{date.year()}, 4, '-');
  put(unsigned{date.month()}, 2, '-');
  put(unsigned{date.day()}, 2, 'T');
  put(clock.hours().count(), 2, ':');
  put(clock.minutes().count(), 2, ':');
  put(clock.seconds().count(), 2, '.');
  put(clock.subseconds().count(), 3, 'Z');
}

text_format::text_format(std::string_view format) {
  static constexpr std::array<std::pair<std::string_view, field>, 5> fields{{
      {"name", field::name}, {"text", field::text}, {"room", field::room}, {"seq", field::seq}, {"time", field::time}}};
  if (!is_utf8(format)) fail("invalid UTF-8", 0);
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) pieces_.push_back({field::literal, std::exchange(literal, {})});
  };
  for (std::size_t at = 0; at < format.size(); ++at) {
    const char c = format[at];
    if (c != '{' && c != '}') {
      literal += c;
    } else if (at + 1 < format.size() && format[at + 1] == c) {
      literal += c;
      ++at;
    } else if (c == '}') {
      fail("a '}' without '{' (write '}}' for a brace)", at);
    } else {
      const auto end = format.find('}', at);
      if (end == format.npos) fail("a '{' without '}' (write '{{' for a brace)", at);
      const auto name = format.substr(at + 1, end - at - 1);
      const auto* const known = std::find_if(fields.begin(), fields.end(), [&](auto& f) { return f.first == name; });
      if (known == fields.end())
        fail(fmt::format("an unknown field '{{{}}}' (there are {{name}} {{text}} {{room}} {{seq}} {{time}})", name), at);
      end_literal();
      pieces_.push_back({known->second, {}});
      shows_seq_ = shows_seq_ || known->second == field::seq;
      shows_time_ = shows_time_ || known->second == field::time;
      at = end;
    }
  }
  end_literal();
  if (std::none_of(pieces_.begin(), pieces_.end(), [](const piece& p) { return p.what == field::text; }))
    throw std::invalid_argument("no '{text}', so that no message would show");
}

std::size_t text_format::append_frame(std::pmr::string& out, const message& m) const {
  if (m.binary) {
    out += make_header(opcode::binary, m.text.size());
    out += m.text;
    return out.size() - m.text.size();
  }
  const fmt::format_int seq{shows_seq_ ? m.seq : 0};
  const auto time = shows_time_ ? std::optional<iso_time>{m.time} : std::nullopt;
  const auto value = [&](const piece& p) -> std::string_view {
    switch (p.what) {
      case field::name: return m.name;
      case field::text: return m.text;
      case field::room: return m.room;
      case field::seq: return {seq.data(), seq.size()};
      case field::time: return time->view();
      case field::literal: break;
    }
    return p.literal;
  };
  std::size_t size = 0;
  for (const piece& p : pieces_) size += value(p).size();
  // The string grows once, as this is done for each message.
  const std::size_t begin = out.size();
  out.resize(begin + header_size(size) + size);
  char* at = write_header(out.data() + begin, opcode::text, size);
  std::size_t text = 0;
  for (const piece& p : pieces_) {
    if (p.what == field::text) text = static_cast<std::size_t>(at - out.data());
    const std::string_view v = value(p);
    at = std::copy(v.begin(), v.end(), at);
  }
  return text;
}

}  // namespace roomcast::wire
