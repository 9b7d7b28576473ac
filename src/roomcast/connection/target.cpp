#include "roomcast/connection/target.hpp"

#include <algorithm>
#include <charconv>

namespace roomcast {

std::optional<target> parse_target(std::string_view text) noexcept {
  if (text.starts_with("http://") || text.starts_with("https://")) {
    text.remove_prefix(text.find("//") + 2);
    text.remove_prefix(std::min(text.find('/'), text.size()));
  }
  if (!text.starts_with('/')) return {};
  const auto mark = text.find('?');
  if (mark == text.npos) return target{text, {}};
  return target{text.substr(0, mark), text.substr(mark + 1)};
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[at] != '%') {
      out += text[at];
    } else {
      if (text.size() - at < 3) return {};
      unsigned char value = 0;
      const char* const digits = text.data() + at + 1;
      const auto [end, ec] = std::from_chars(digits, digits + 2, value, 16);
      if (ec != std::errc{} || end != digits + 2) return {};
      out += static_cast<char>(value);
      at += 2;
    }
  }
  return out;
}

std::optional<std::string_view> find_parameter(std::string_view query, std::string_view name) noexcept {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size() < query.size() ? pair.size() + 1 : pair.size());
    const auto key = pair.substr(0, pair.find('='));
    if (key == name) return key.size() < pair.size() ? pair.substr(key.size() + 1) : std::string_view{};
  }
  return {};
}

}  // namespace roomcast
