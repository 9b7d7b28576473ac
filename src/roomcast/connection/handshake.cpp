#include "roomcast/connection/handshake.hpp"

#include "roomcast/connection/target.hpp"
#include "roomcast/name.hpp"

#include <boost/beast/http/rfc7230.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

namespace roomcast {
namespace {

constexpr std::string_view last_event_id = "Last-Event-ID";

response refuse(unsigned status, std::string_view reason, std::string headers = {}) {
  return response::line(status, reason, std::move(headers));
}

bool lists(const request_header& request, http::field field, std::string_view token) {
  return http::token_list{request[field]}.exists(token);  // of several such lines Beast looks at the first, too
}

// The names of subprotocols are case-sensitive, and may come in several lines (RFC 6455, section 11.3.4).
bool offers(const request_header& request, std::string_view subprotocol) {
  const auto [first, last] = request.equal_range(http::field::sec_websocket_protocol);
  return std::any_of(first, last, [&](const auto& line) {
    const http::token_list offered{line.value()};
    return std::any_of(offered.begin(), offered.end(), [&](const auto& each) { return each == subprotocol; });
  });
}

// The base64 of 16 bytes: 22 digits, the last of which has four bits to spare, and two of padding.
bool is_key(std::string_view key) noexcept {
  const auto is_digit = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.begin() + 22, is_digit);
}

bool has_body(const request_header& request) {
  if (request.count(http::field::transfer_encoding) != 0) return true;
  const auto [first, last] = request.equal_range(http::field::content_length);
  return std::any_of(first, last, [](const auto& each) { return each.value() != "0"; });
}

// Beast's iequals reads a byte beyond both ends where a letter differs in its case.
bool same(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

template <class Field>
std::string_view find(const request_header& request, Field field) {
  const auto value = request[field];
  return {value.data(), value.size()};
}

// False where `since` is there, and is no sequence number.
bool read_resumption(const std::optional<std::string_view>& since, std::string_view query, wish& w) {
  w.epoch = find_parameter(query, "epoch").value_or("");
  if (!since) return true;
  std::uint64_t seq = 0;
  const auto [end, ec] = std::from_chars(since->data(), since->data() + since->size(), seq);
  w.since = seq;
  return ec == std::errc{} && end == since->data() + since->size();
}

}  // namespace

bool is_chat_path(std::string_view path, const options& config) noexcept {
  return path.starts_with(config.path) && (path.size() == config.path.size() || path[config.path.size()] == '/');
}

bool asks_for_events(const request_header& request) {
  if (request.count(http::field::upgrade) != 0) return false;
  const auto [first, last] = request.equal_range(http::field::accept);
  return std::any_of(first, last, [](const auto& line) {
    std::string_view rest{line.value().data(), line.value().size()};
    for (;;) {
      const auto comma = rest.find(',');
      if (same(trimmed(rest.substr(0, std::min(comma, rest.find(';')))), "text/event-stream")) return true;
      if (comma == rest.npos) return false;
      rest.remove_prefix(comma + 1);
    }
  });
}

bool is_origin_allowed(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed) {
  for (const auto& each : allowed)
    if (each == "*" || same(each, origin)) return true;
  const auto separator = origin.find("://");
  if (separator == origin.npos) return false;
  const std::string_view port = same(origin.substr(0, separator), "https") ? ":443" : ":80";
  const auto without_default = [&](std::string_view authority) {
    return authority.ends_with(port) ? authority.substr(0, authority.size() - port.size()) : authority;
  };
  return same(without_default(origin.substr(separator + 3)), without_default(host));
}

std::variant<admission, response> examine(const request_header& request, const options& config) {
  const auto where = parse_target({request.target().data(), request.target().size()});
  if (!where || !is_chat_path(where->path, config)) return refuse(404, "there is nothing here");
  admission admitted{.room = std::string{lobby}, .name = {}, .key = {}, .wanted = {}};
  admitted.wanted.history = config.history;
  if (where->path.size() > config.path.size()) {
    const auto room = percent_decode(where->path.substr(config.path.size() + 1));
    if (!room || !is_room_name(*room)) return refuse(404, "a room's name is 1 to 64 characters of A-Z a-z 0-9 . _ ~ -");
    admitted.room = *room;
  }
  if (request.method() != http::verb::get) return refuse(405, "a WebSocket begins with GET", "Allow: GET\r\n");
  if (request.count(http::field::host) != 1) return refuse(400, "exactly one Host header is needed");
  if (has_body(request)) return refuse(400, "a request for a room has no body");
  const auto origins = request.count(http::field::origin);
  if (origins > 1 || (origins == 1 && !is_origin_allowed(find(request, http::field::origin), find(request, http::field::host), config.allow_origins)))
    return refuse(403, "pages of that origin may not connect");
  if (!lists(request, http::field::upgrade, "websocket")) {
    if (!asks_for_events(request))
      return refuse(426, "this is a WebSocket: connect with ws:// or wss://", "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    admitted.wanted.form = wire::encoding::events;
    const auto last = request.count(last_event_id) != 0 ? std::optional{find(request, last_event_id)} : find_parameter(where->query, "since");
    if (!read_resumption(last, where->query, admitted.wanted)) return refuse(400, "Last-Event-ID is not a sequence number");
    return admitted;
  }
  if (request.version() != 11) return refuse(400, "a WebSocket begins with HTTP/1.1");
  if (!lists(request, http::field::connection, "upgrade")) return refuse(400, "the Connection header does not say Upgrade");
  if (request.count(http::field::sec_websocket_version) == 0) return refuse(400, "the Sec-WebSocket-Version header is missing");
  if (find(request, http::field::sec_websocket_version) != "13")
    return refuse(426, "only version 13 of the protocol is spoken here", "Sec-WebSocket-Version: 13\r\n");
  if (request.count(http::field::sec_websocket_key) != 1 || !is_key(find(request, http::field::sec_websocket_key)))
    return refuse(400, "the Sec-WebSocket-Key header is not the base64 of 16 bytes");
  if (const auto encoded = find_parameter(where->query, "name")) {
    const auto name = percent_decode(*encoded, true);
    if (!name) return refuse(400, "the name is not percent-encoded properly");
    if (const auto fault = member_name_fault(*name); !fault.empty()) return refuse(400, fmt::format("the name {}", fault));
    admitted.name = *name;
  }
  if (!offers(request, json_subprotocol)) return admitted;
  admitted.wanted.form = wire::encoding::json;
  admitted.wanted.history = 0;
  admitted.key = find_parameter(where->query, "key").value_or("");
  if (!read_resumption(find_parameter(where->query, "since"), where->query, admitted.wanted)) return refuse(400, "since is not a sequence number");
  return admitted;
}

}  // namespace roomcast
