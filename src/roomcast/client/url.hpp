#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::client {

/// Where a WebSocket is: `ws://host[:port][/path][?query]`.
struct url {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string target = "/";

  /// As in a Host header.
  std::string authority() const;

  /// The same with `parameters`, `a=1&b=2`, before those that it has: where one comes twice, the first counts for a roomcast server.
  url with(std::string_view parameters) const;
};

/// Nothing where `text` is not such a URL; `fault` says why.
std::optional<url> parse_url(std::string_view text, std::string& fault);

}  // namespace roomcast::client
