#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// WebSocket frames as bytes, RFC 6455 section 5.

namespace roomcast::wire {

enum class opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xa,
};

constexpr bool is_control(opcode op) noexcept { return (static_cast<unsigned>(op) & 0x8u) != 0; }

constexpr bool is_known(opcode op) noexcept {
  return op <= opcode::binary || (op >= opcode::close && op <= opcode::pong);
}

inline constexpr std::size_t max_control_payload = 125;
inline constexpr std::size_t max_header = 14;
inline constexpr std::size_t max_control_frame = 6 + max_control_payload;  // a client's, with its mask

/// A frame's header as a peer sent it.
struct frame_header {
  opcode op{};
  bool fin = false;
  bool masked = false;
  std::uint8_t reserved = 0;  ///< RSV1 to RSV3, as bits 6 to 4
  std::uint8_t size = 0;      ///< of the header itself, with the mask
  std::uint64_t payload = 0;  ///< bytes that follow
};

/// The header at the front of `bytes`; nothing where it is not whole yet.
std::optional<frame_header> parse_header(std::span<const std::byte> bytes) noexcept;

/// How long a server's header (no mask) is for `payload` bytes.
constexpr std::size_t header_size(std::size_t payload) noexcept { return payload < 126 ? 2 : payload < 65536 ? 4 : 10; }

/// Writes a server's header of one whole message, or control frame, of `payload` bytes to `to`, where there is space for
/// `header_size(payload)`. Returns its end.
inline char* write_header(char* to, opcode op, std::size_t payload) noexcept {
  *to++ = static_cast<char>(0x80u | static_cast<unsigned>(op));
  const std::size_t extra = header_size(payload) - 2;
  *to++ = static_cast<char>(extra == 0 ? payload : extra == 2 ? 126 : 127);
  for (std::size_t i = extra; i-- > 0;) *to++ = static_cast<char>(std::uint64_t{payload} >> (8 * i));
  return to;
}

/// A server's header, ready to be sent.
struct server_header {
  std::array<char, 10> bytes{};
  std::uint8_t size = 0;

  operator std::string_view() const noexcept { return {bytes.data(), size}; }
};

/// The header that `write_header` writes.
inline server_header make_header(opcode op, std::size_t payload) noexcept {
  server_header header;
  header.size = static_cast<std::uint8_t>(write_header(header.bytes.data(), op, payload) - header.bytes.data());
  return header;
}

/// A whole server frame. A control frame's payload is at most 125 bytes.
std::string make_frame(opcode op, std::string_view payload);

/// A server's Close frame; `reason` is cut to fit, between code points.
std::string make_close(std::uint16_t code, std::string_view reason);

/// The code in a server's Close frame, 1005 where it has none; 0 for another frame.
std::uint16_t code_of_close(std::string_view frame) noexcept;

/// A server's short frame as a client has to send it: with a mask, which is all zeros here.
std::string mask(std::string frame);

/// Removes the mask of RFC 6455 section 5.3 from `payload`, in place.
void unmask(std::span<std::byte> payload, std::span<const std::byte, 4> mask) noexcept;

}  // namespace roomcast::wire
