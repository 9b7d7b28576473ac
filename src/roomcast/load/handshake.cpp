#include "roomcast/load/handshake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace roomcast::load {
namespace {

// RFC 6455 section 1.3
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// The value of a field in lines that each follow a CRLF.
std::string_view field(std::string_view lines, std::string_view name) {
  for (auto at = lines.find("\r\n"); at != lines.npos; at = lines.find("\r\n", at + 2)) {
    const auto line = lines.substr(at + 2, lines.find("\r\n", at + 2) - at - 2);
    const auto colon = line.find(':');
    if (colon == line.npos || !same_name(line.substr(0, colon), name)) continue;
    const auto from = line.find_first_not_of(" \t", colon + 1);
    return from == line.npos ? std::string_view{} : line.substr(from, line.find_last_not_of(" \t") + 1 - from);
  }
  return {};
}

}  // namespace

std::string upgrade_request(const client::url& where, std::string_view target, bool json_members) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {}\r\n"
      "Sec-WebSocket-Version: 13\r\n{}\r\n",
      target, where.authority(), key, json_members ? "Sec-WebSocket-Protocol: roomcast.v1\r\n" : "");
}

upgrade_answer examine_answer(std::string_view bytes) {
  constexpr std::size_t longest = 16 * 1024;
  const auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos && bytes.size() > longest) return {.size = bytes.size(), .refusal = "an answer that does not end"};
  if (end == bytes.npos) return {};
  const auto head = bytes.substr(0, end);
  upgrade_answer answer{.size = end + 4};
  if (!head.starts_with("HTTP/1.1 101 ")) answer.refusal = head.substr(0, std::min<std::size_t>(head.find("\r\n"), 100));
  else if (field(head, "Sec-WebSocket-Accept") != accept) answer.refusal = "a wrong Sec-WebSocket-Accept";
  return answer;
}

}  // namespace roomcast::load
