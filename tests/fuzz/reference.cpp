#include "reference.hpp"

#include "check.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace roomcast::fuzz {
namespace {

struct range {
  unsigned char first, last;
};

constexpr range tail{0x80, 0xbf};

// The grammar of RFC 3629, one line a production.
struct sequence {
  std::size_t length;
  std::array<range, 4> bytes;
};

constexpr std::array sequences{
    sequence{1, {{{0x00, 0x7f}}}},
    sequence{2, {{{0xc2, 0xdf}, tail}}},
    sequence{3, {{{0xe0, 0xe0}, {0xa0, 0xbf}, tail}}},
    sequence{3, {{{0xe1, 0xec}, tail, tail}}},
    sequence{3, {{{0xed, 0xed}, {0x80, 0x9f}, tail}}},
    sequence{3, {{{0xee, 0xef}, tail, tail}}},
    sequence{4, {{{0xf0, 0xf0}, {0x90, 0xbf}, tail, tail}}},
    sequence{4, {{{0xf1, 0xf3}, tail, tail, tail}}},
    sequence{4, {{{0xf4, 0xf4}, {0x80, 0x8f}, tail, tail}}},
};

bool begins_with(std::string_view text, const sequence& s) {
  for (std::size_t i = 0; i < std::min(text.size(), s.length); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < s.bytes[i].first || byte > s.bytes[i].last) return false;
  }
  return true;
}

// Passes over whole code points.
std::string_view without_whole(std::string_view text) {
  for (;;) {
    const auto fits = [&](const sequence& s) { return text.size() >= s.length && begins_with(text, s); };
    const auto* const found = std::find_if(sequences.begin(), sequences.end(), fits);
    if (found == sequences.end()) return text;
    text.remove_prefix(found->length);
  }
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// RFC 6455, section 7.4: those that may be in a Close; with what was registered later, but for 1014, which Beast refuses.
bool is_close_code(std::uint64_t code) {
  return (code >= 1000 && code <= 1013 && code != 1004 && code != 1005 && code != 1006) || (code >= 3000 && code <= 4999);
}

bool is_shortest(std::size_t extra, std::uint64_t length) { return extra == 0 || (extra == 2 ? length >= 126 : length >= 65536); }

}  // namespace

struct frame_header {
  bool fin = false, masked = false;
  unsigned reserved = 0, opcode = 0;
  std::size_t extra = 0, size = 0;
  std::uint64_t length = 0;

  static std::optional<frame_header> parse(std::string_view bytes) {
    if (bytes.size() < 2) return {};
    const auto first = static_cast<unsigned char>(bytes[0]), second = static_cast<unsigned char>(bytes[1]);
    frame_header h{.fin = first >= 0x80, .masked = second >= 0x80, .reserved = first & 0x70u, .opcode = first & 0x0fu};
    h.length = second & 0x7fu;
    h.extra = h.length == 126 ? 2 : h.length == 127 ? 8 : 0;
    h.size = 2 + h.extra + (h.masked ? 4 : 0);
    if (bytes.size() < h.size) return {};
    if (h.extra != 0) h.length = big_endian(bytes.substr(2, h.extra));
    return h;
  }

  bool is_control() const { return opcode >= 8; }
};

bool is_valid_utf8(std::string_view text) { return without_whole(text).empty(); }

bool is_start_of_utf8(std::string_view text) {
  const auto rest = without_whole(text);
  return std::any_of(sequences.begin(), sequences.end(), [&](const sequence& s) { return begins_with(rest, s); });
}

std::optional<server_frame> take_server_frame(std::string_view& bytes) {
  constexpr std::uint64_t unbelievable = 1 << 24;
  frame_header h;
  if (const auto parsed = frame_header::parse(bytes))
    h = *parsed;
  else
    return {};
  check(h.fin && !h.masked && h.reserved == 0, "a server's frame is whole, and has neither mask nor reserved bits");
  check(h.opcode == 1 || h.opcode == 2 || (h.opcode >= 8 && h.opcode <= 10), "a server's frame is a message, a Close, a ping or a pong");
  check(is_shortest(h.extra, h.length), "a server's frame has the shortest form of its length");
  check(h.length <= (h.is_control() ? 125 : unbelievable), "a server's frame is not longer than it may be");
  if (bytes.size() - h.size < h.length) return {};
  server_frame found{h.opcode, std::string{bytes.substr(h.size, h.length)}};
  bytes.remove_prefix(h.size + h.length);
  if (h.opcode == 1) check(is_valid_utf8(found.payload), "a server's text is valid UTF-8");
  if (h.opcode == 8 && !found.payload.empty()) {
    check(found.payload.size() >= 2 && is_close_code(big_endian(found.payload.substr(0, 2))), "a server's Close has a code");
    check(is_valid_utf8(found.payload.substr(2)), "a server's reason is valid UTF-8");
  }
  return found;
}

void client_stream::feed(std::string_view bytes) {
  bytes_ += bytes;
  while (code_ == 0 && take_frame()) {
  }
}

bool client_stream::end(unsigned code, bool certain) {
  code_ = code;
  certain_ = certain;
  return false;
}

// What a header tells. The order is a choice where a frame is wrong in several ways.
unsigned client_stream::fault(const frame_header& h) const {
  if (!h.masked || h.reserved != 0) return 1002;
  if (h.opcode > 10 || (h.opcode > 2 && h.opcode < 8)) return 1002;
  if (!is_shortest(h.extra, h.length) || h.length >> 63 != 0) return 1002;
  if (h.is_control()) return h.fin && h.length <= 125 ? 0 : 1002;
  if ((h.opcode == 0) != (fragments_ != 0)) return 1002;
  if (h.opcode == 2 && !limits_.takes_binary) return 1003;
  if (h.length > limits_.max_message_size) return 1009;
  if (fragments_ + 1 > limits_.max_fragments) return 1008;
  return message_.bytes.size() + h.length > limits_.max_message_size ? 1009 : 0;
}

bool client_stream::take_frame() {
  const auto rest = std::string_view{bytes_}.substr(at_);
  const auto h = frame_header::parse(rest);
  if (!h) return false;
  const bool is_whole = rest.size() - h->size >= h->length;
  if (const auto code = fault(*h)) return end(code, is_whole);
  if (!is_whole) return false;
  std::string payload{rest.substr(h->size, h->length)};
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= rest[h->size - 4 + i % 4];
  at_ += h->size + payload.size();
  if (h->opcode == 8)
    take_close(payload);
  else if (!h->is_control())
    take_data(*h, payload);
  return true;
}

bool client_stream::may_go_on(std::string_view text, bool whole) const {
  return message_.binary || (whole ? is_valid_utf8(text) : is_start_of_utf8(text));
}

void client_stream::take_data(const frame_header& h, const std::string& payload) {
  if (h.opcode != 0) message_.binary = h.opcode == 2;
  message_.bytes += payload;
  ++fragments_;
  if (!may_go_on(message_.bytes, h.fin)) {
    end(1007, true);
  } else if (h.fin) {
    messages_.push_back(std::move(message_));
    message_ = {};
    fragments_ = 0;
  }
}

void client_stream::take_close(const std::string& payload) {
  if (payload.empty()) {
    end(1000, true);
    return;
  }
  const auto code = big_endian(std::string_view{payload}.substr(0, 2));
  const bool valid = payload.size() >= 2 && is_close_code(code) && is_valid_utf8(std::string_view{payload}.substr(2));
  end(valid ? static_cast<unsigned>(code) : 1002, true);
}

bool client_stream::has_invalid_rest() const {
  const auto rest = std::string_view{bytes_}.substr(at_);
  const auto h = frame_header::parse(rest);
  if (!h || code_ != 0 || h->is_control() || h->opcode == 2 || message_.binary) return false;
  std::string text = message_.bytes;
  for (std::size_t i = h->size; i < rest.size(); ++i) text += static_cast<char>(rest[i] ^ rest[h->size - 4 + (i - h->size) % 4]);
  return !is_start_of_utf8(text);
}

}  // namespace roomcast::fuzz
