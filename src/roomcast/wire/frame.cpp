#include "roomcast/wire/frame.hpp"

#include "roomcast/utf8.hpp"
#include "roomcast/wire/close_code.hpp"

#include <bit>
#include <cstring>

namespace roomcast::wire {

std::optional<frame_header> parse_header(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < 2) return {};
  const auto first = std::to_integer<std::uint8_t>(bytes[0]);
  const auto second = std::to_integer<std::uint8_t>(bytes[1]);
  frame_header header;
  header.op = static_cast<opcode>(first & 0x0f);
  header.fin = (first & 0x80) != 0;
  header.reserved = first & 0x70;
  header.masked = (second & 0x80) != 0;
  header.payload = second & 0x7f;
  const std::size_t extra = header.payload == 126 ? 2 : header.payload == 127 ? 8 : 0;
  header.size = static_cast<std::uint8_t>(2 + extra + (header.masked ? 4 : 0));
  if (bytes.size() < header.size) return {};
  if (extra != 0) {
    header.payload = 0;
    for (std::size_t i = 0; i < extra; ++i)
      header.payload = header.payload << 8 | std::to_integer<std::uint64_t>(bytes[2 + i]);
  }
  return header;
}

std::string make_frame(opcode op, std::string_view payload) {
  std::string out;
  out.reserve(header_size(payload.size()) + payload.size());
  out += make_header(op, payload.size());
  out += payload;
  return out;
}

std::string make_close(std::uint16_t code, std::string_view reason) {
  constexpr std::size_t room = max_control_payload - 2;
  if (reason.size() > room) reason = reason.substr(0, room);
  while (ends_inside_code_point(reason)) reason.remove_suffix(1);
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload += reason;
  return make_frame(opcode::close, payload);
}

std::uint16_t code_of_close(std::string_view frame) noexcept {
  const auto byte = [frame](std::size_t i) { return static_cast<unsigned char>(frame[i]); };
  if (frame.size() < 2 || byte(0) != (0x80u | static_cast<unsigned>(opcode::close))) return 0;
  return frame.size() < 4 ? close_code::no_status : static_cast<std::uint16_t>(byte(2) << 8 | byte(3));
}

std::string mask(std::string frame) {
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80u);
  frame.insert(2, 4, '\0');
  return frame;
}

void unmask(std::span<std::byte> payload, std::span<const std::byte, 4> mask) noexcept {
  std::array<std::byte, 8> twice;
  for (std::size_t i = 0; i < twice.size(); ++i) twice[i] = mask[i % 4];
  const auto key = std::bit_cast<std::uint64_t>(twice);
  for (; payload.size() >= sizeof key; payload = payload.subspan(sizeof key)) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload.data(), sizeof word);
    word ^= key;
    std::memcpy(payload.data(), &word, sizeof word);
  }
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= twice[i];
}

}  // namespace roomcast::wire
