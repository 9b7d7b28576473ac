#include "roomcast/client/url.hpp"

#include <fmt/format.h>

#include <charconv>

namespace roomcast::client {

std::string url::authority() const {
  const std::string name = host.find(':') == host.npos ? host : fmt::format("[{}]", host);
  return port == 80 ? name : fmt::format("{}:{}", name, port);
}

url url::with(std::string_view parameters) const {
  url out = *this;
  if (parameters.empty()) return out;
  const auto mark = target.find('?');
  const std::string own = mark == target.npos ? "" : target.substr(mark + 1);
  out.target = fmt::format("{}?{}{}{}", target.substr(0, mark), parameters, own.empty() ? "" : "&", own);
  return out;
}

std::optional<url> parse_url(std::string_view text, std::string& fault) {
  const auto fail = [&](std::string_view what) {
    fault = fmt::format("'{}' {}", text, what);
    return std::nullopt;
  };
  constexpr std::string_view scheme = "ws://";
  if (text.starts_with("wss://")) return fail("needs TLS, which is not spoken here: put a proxy between");
  if (!text.starts_with(scheme)) return fail("does not begin with ws://");
  if (text.find('#') != text.npos) return fail("has a fragment, which a WebSocket's URL cannot have");
  const auto rest = text.substr(scheme.size());
  auto authority = rest.substr(0, rest.find_first_of("/?"));
  url parsed;
  const auto target = rest.substr(authority.size());
  parsed.target = fmt::format("{}{}", target.starts_with('/') ? "" : "/", target);
  for (const char c : parsed.target)
    if (c <= ' ' || c == 0x7f) return fail("has a blank or a control character in its path");
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == authority.npos) return fail("has a '[' without a ']'");
    parsed.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    parsed.host = authority.substr(0, authority.find(':'));
    authority.remove_prefix(parsed.host.size());
  }
  if (parsed.host.empty()) return fail("names no host");
  if (authority.starts_with(':')) {
    const auto* const end = authority.data() + authority.size();
    const auto [stop, ec] = std::from_chars(authority.data() + 1, end, parsed.port);
    if (ec != std::errc{} || stop != end || parsed.port == 0) return fail("has a port that is not one");
  } else if (!authority.empty()) {
    return fail("has something behind its host that is no port");
  }
  return parsed;
}

}  // namespace roomcast::client
