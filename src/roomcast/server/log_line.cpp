#include "roomcast/server/log_line.hpp"

#include "roomcast/escape.hpp"
#include "roomcast/name.hpp"
#include "roomcast/utf8.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace roomcast::server {
namespace {

// As JSON has it; beyond U+FFFF in two halves (RFC 8259, section 7).
void append_escaped(std::string& out, char32_t point) {
  const auto unit = [&](unsigned value) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", value); };
  if (point < 0x10000) return unit(point);
  unit(0xd800 + ((point - 0x10000) >> 10));
  unit(0xdc00 + ((point - 0x10000) & 0x3ff));
}

std::string quote_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : escape(text)) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out += '"';
}

// The members of a record, as ` name=value` or as `,"name":value`.
class writer {
 public:
  writer(std::string_view message, log_format format) : json_(format == log_format::json), out_(json_ ? "\"message\":" + quote_json(message) : std::string{message}) {}

  writer& text(std::string_view name, std::string_view value) { return add(name, json_ ? quote_json(value) : quote_text(value)); }

  template <class Number>
  writer& number(std::string_view name, Number value) {
    return add(name, fmt::format("{}", value));
  }

  std::string done() { return std::move(out_); }

 private:
  writer& add(std::string_view name, std::string_view value) {
    if (json_)
      fmt::format_to(std::back_inserter(out_), R"(,"{}":{})", name, value);
    else
      fmt::format_to(std::back_inserter(out_), " {}={}", name, value);
    return *this;
  }

  bool json_;
  std::string out_;
};

}  // namespace

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode_utf8(text, at);
    if (point.length == 0) {
      out += "\xef\xbf\xbd";
      ++at;
      continue;
    }
    if (is_unprintable(point.value)) {
      append_escaped(out, point.value);
    } else {
      if (point.value == '"' || point.value == '\\') out += '\\';
      out += text.substr(at, point.length);
    }
    at += point.length;
  }
  return out += '"';
}

std::string log_text(std::string_view message, log_format format) { return writer{message, format}.done(); }

std::string log_text(const access_record& a, log_format format) {
  const bool is_member = !a.room.empty();
  writer line{is_member ? "left" : "answered", format};
  line.text("from", a.from).text("method", a.method).text("path", a.path).number("status", a.status);
  if (!is_member) return line.done();
  line.text("room", a.room).text("name", a.name);
  if (a.close_code != 0) line.number("close", a.close_code);
  return line.number("seconds", static_cast<double>(a.duration.count()) / 1000).done();
}

}  // namespace roomcast::server
