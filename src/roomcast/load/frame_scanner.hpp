#pragma once

#include "roomcast/wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace roomcast::load {

/// Takes a server's frames apart, in place; only the parts of a fragmented message are copied. A connection has one.
class frame_scanner {
 public:
  struct outcome {
    std::size_t taken = 0;       ///< bytes of the frames that were whole
    std::size_t needed = 0;      ///< bytes of the next, where its header says
    std::string_view fault = {}; ///< a violation of RFC 6455, which ends the scan
  };

  /// Calls `on_message(text)`, and `on_control(opcode, payload)`, which says whether to go on.
  template <class Message, class Control>
  outcome scan(std::string_view bytes, Message&& on_message, Control&& on_control);

 private:
  static constexpr std::uint64_t longest = 256 * 1024 * 1024;

  std::string_view fault_of(const wire::frame_header& h) const noexcept;

  std::string parts_;
  bool inside_ = false;  // a message whose last fragment has not come
};

template <class Message, class Control>
frame_scanner::outcome frame_scanner::scan(std::string_view bytes, Message&& on_message, Control&& on_control) {
  constexpr unsigned char final_text = 0x81;
  outcome result;
  for (;;) {
    const auto rest = bytes.substr(result.taken);
    if (rest.size() < 2) return result;
    // nearly all that comes
    const auto first = static_cast<unsigned char>(rest[0]), second = static_cast<unsigned char>(rest[1]);
    if (first == final_text && second < 126 && !inside_) [[likely]] {
      result.needed = std::size_t{2} + second;
      if (rest.size() < result.needed) return result;
      on_message(rest.substr(2, second));
      result.taken += result.needed;
      result.needed = 0;
      continue;
    }
    const auto header = wire::parse_header(std::as_bytes(std::span{rest}));
    if (!header) return result;
    result.fault = fault_of(*header);
    if (!result.fault.empty()) return result;
    result.needed = static_cast<std::size_t>(header->size + header->payload);
    if (rest.size() < result.needed) return result;
    const auto payload = rest.substr(header->size, static_cast<std::size_t>(header->payload));
    result.taken += result.needed;
    result.needed = 0;
    if (wire::is_control(header->op)) {
      if (!on_control(header->op, payload)) return result;
    } else if (header->fin && !inside_) {
      on_message(payload);
    } else {
      parts_ += payload;
      inside_ = !header->fin;
      if (inside_) continue;
      on_message(std::string_view{parts_});
      parts_.clear();
    }
  }
}

inline std::string_view frame_scanner::fault_of(const wire::frame_header& h) const noexcept {
  if (h.masked) return "a server's frame is masked";
  if (h.reserved != 0) return "a reserved bit is set";
  if (!wire::is_known(h.op)) return "a reserved opcode";
  if (wire::is_control(h.op))
    return h.fin && h.payload <= wire::max_control_payload ? "" : "a control frame is fragmented, or too long";
  if ((h.op == wire::opcode::continuation) != inside_) return "a fragment of no message, or a message within one";
  return h.payload > longest - parts_.size() ? "a message is longer than 256 MiB" : "";
}

}  // namespace roomcast::load
