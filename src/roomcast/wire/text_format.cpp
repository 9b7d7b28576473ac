#include "roomcast/wire/text_format.hpp"

#include "roomcast/utf8.hpp"
#include "roomcast/wire/frame.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace roomcast::wire {
namespace {

[[noreturn]] void fail(std::string_view what, std::size_t at) {
  throw std::invalid_argument(fmt::format("{} at character {}", what, at + 1));
}

}  // namespace

std::string iso_time(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(whole);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (whole - seconds).count());
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
      shows_time_ = shows_time_ || known->second == field::time;
      at = end;
    }
  }
  end_literal();
  if (std::none_of(pieces_.begin(), pieces_.end(), [](const piece& p) { return p.what == field::text; }))
    throw std::invalid_argument("no '{text}', so that no message would show");
}

void text_format::append_frame(std::pmr::string& out, const message& m) const {
  if (m.binary) {
    out += make_header(opcode::binary, m.text.size());
    out += m.text;
    return;
  }
  const fmt::format_int seq{m.seq};
  const std::string time = shows_time_ ? iso_time(m.time) : std::string{};
  const auto value = [&](const piece& p) -> std::string_view {
    switch (p.what) {
      case field::name: return m.name;
      case field::text: return m.text;
      case field::room: return m.room;
      case field::seq: return {seq.data(), seq.size()};
      case field::time: return time;
      case field::literal: break;
    }
    return p.literal;
  };
  std::size_t size = 0;
  for (const piece& p : pieces_) size += value(p).size();
  out += make_header(opcode::text, size);
  for (const piece& p : pieces_) out += value(p);
}

}  // namespace roomcast::wire
