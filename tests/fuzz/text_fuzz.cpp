// Names, targets, URLs and the texts of a log: everything that judges a string by itself.

#include "check.hpp"
#include "reference.hpp"

#include "roomcast/client/url.hpp"
#include "roomcast/connection/handshake.hpp"
#include "roomcast/connection/target.hpp"
#include "roomcast/escape.hpp"
#include "roomcast/name.hpp"
#include "roomcast/utf8.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace roomcast;
using fuzz::check;

namespace {

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decoded(std::string_view text, std::string_view mark, bool plus_is_space) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (!text.starts_with(mark)) {
      out += text[0] == '+' && plus_is_space ? ' ' : text[0];
      continue;
    }
    text.remove_prefix(mark.size());
    if (text.size() < 2 || digit(text[0]) < 0 || digit(text[1]) < 0) return {};
    out += static_cast<char>(digit(text[0]) * 16 + digit(text[1]));
    text.remove_prefix(1);
  }
  return out;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

void test_utf8(std::string_view text) {
  check(is_utf8(text) == fuzz::is_valid_utf8(text), "UTF-8 is what RFC 3629 says");
  for (std::size_t n = 0; n <= std::min<std::size_t>(text.size(), 64); ++n)
    if (const auto start = text.substr(0, n); fuzz::is_start_of_utf8(start))
      check(ends_inside_code_point(start) != fuzz::is_valid_utf8(start), "a start of UTF-8 is whole, or stops inside a code point");
}

void test_names(std::string_view name) {
  constexpr std::string_view digits = "0123456789";
  const bool is_numbered = name.size() > 4 && name.starts_with("user") && name.find_first_not_of(digits, 4) == name.npos;
  const bool is_plain = !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x80 && std::isalnum(c); });
  if (is_plain) check(member_name_fault(name).empty() != is_numbered, "letters and digits make a name, unless it is reserved");
  if (member_name_fault(name).empty()) {
    check(fuzz::is_valid_utf8(name) && code_points(name) >= 1 && code_points(name) <= 32, "a name is 1 to 32 code points");
    check(name.find_first_of("[]") == name.npos && !is_numbered, "no name is like another's label, or a given one");
    check(std::none_of(name.begin(), name.end(), is_control), "a name has no controls");
    check(name.front() != ' ' && name.back() != ' ', "a name has no blank at its ends");
  }
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-";
  const bool is_room = !name.empty() && name.size() <= 64 && name.find_first_not_of(allowed) == name.npos;
  check(is_room_name(name) == is_room, "a room's name is 1 to 64 of its characters");
}

void test_escape(std::string_view text) {
  const auto shown = escape(text);
  check(fuzz::is_valid_utf8(shown), "what is shown is valid UTF-8");
  check(std::none_of(shown.begin(), shown.end(), is_control), "what is shown has no controls");
  std::string rest = shown, doubled;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    const bool is_pair = rest.compare(at, 2, "\\\\") == 0;
    doubled += is_pair ? "\\x5c" : rest.substr(at, 1);
    at += is_pair ? 1 : 0;
  }
  check(decoded(doubled, "\\x", false) == text, "what is shown tells the bytes");
}

void test_targets(std::string_view text) {
  for (const bool plus : {false, true}) check(percent_decode(text, plus) == decoded(text, "%", plus), "%XX is decoded once");
  if (const auto where = parse_target(text)) {
    check(where->path.starts_with('/') && where->path.find('?') == where->path.npos, "a path begins with a slash, and ends before the query");
    check(lies_in(where->path, text) && lies_in(where->query, text), "a target's parts are parts of it");
    check(text.ends_with(where->query) && text.find(where->path) != text.npos, "a query is the end of a target");
  } else {
    check(!text.starts_with('/'), "what begins with a slash is a target");
  }
  std::optional<std::string_view> first;
  for (std::size_t at = 0; at < text.size() && !first;) {
    const auto end = std::min(text.find('&', at), text.size());
    const auto pair = text.substr(at, end - at);
    if (pair == "name") first = "";
    if (pair.starts_with("name=")) first = pair.substr(5);
    at = end + 1;
  }
  check(find_parameter(text, "name") == first, "the first of the parameters counts");
}

void test_origins(std::string_view a, std::string_view b) {
  const std::vector<std::string> none, any{"*"}, listed{std::string{a}};
  check(is_origin_allowed(a, b, any), "any is any");
  check(is_origin_allowed(a, b, listed), "what is listed is allowed");
  check(is_origin_allowed("http://" + std::string{b}, b, none), "the same host is allowed");
  if (is_origin_allowed(a, b, none)) {
    const auto host = a.find("://");
    check(host != a.npos, "an origin has a scheme");
    const auto longer = a.size() - host - 3;
    check(longer <= b.size() + 4 && b.size() <= longer + 4, "an origin is its host but for a port that need not be said");
  }
}

void test_urls(std::string_view text) {
  std::string fault;
  if (const auto parsed = client::parse_url(text, fault)) {
    check(!parsed->host.empty() && parsed->target.starts_with('/') && parsed->port != 0, "a URL has all its parts");
    const auto again = client::parse_url("ws://" + parsed->authority() + parsed->target, fault);
    check(again && again->host == parsed->host && again->port == parsed->port && again->target == parsed->target, "a URL's parts make a URL");
  } else {
    check(!fault.empty(), "what is no URL is told why");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  test_utf8(text);
  test_names(text);
  test_escape(text);
  test_targets(text);
  test_urls(text);
  const auto half = std::min(text.find('\n'), text.size());
  test_origins(text.substr(0, half), text.substr(std::min(half + 1, text.size())));
  return 0;
}
