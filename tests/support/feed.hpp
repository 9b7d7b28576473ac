#pragma once

#include "roomcast/log/room_log.hpp"
#include "roomcast/wire/frame.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::test {

/// A log with a chain of its visible batches, as a registry keeps one; frames are two bytes of header and the text.
class feed {
 public:
  std::uint64_t say(std::string_view text, std::uint64_t sender = 1) {
    return log.append({.sender = sender, .id = sender, .room = {}, .name = "ada", .text = text, .time = {}});
  }

  /// Seals what is open, makes it visible, and returns its link.
  std::shared_ptr<log::link> show() {
    log.seal();
    auto next = std::make_shared<log::link>(log.next_to_show(), newest ? newest->weight_after : 0);
    log.show();
    if (newest) newest->next = next;
    return newest = next;
  }

  const wire::text_format format{"{text}"};
  log::room_log log{"lobby", format, *std::pmr::get_default_resource(), false};
  std::shared_ptr<log::link> newest;
};

/// The payloads of the whole frames in `bytes`.
inline std::vector<std::string> texts(std::string_view bytes) {
  std::vector<std::string> found;
  while (const auto header = wire::parse_header(std::as_bytes(std::span{bytes}))) {
    const std::size_t size = std::min<std::size_t>(bytes.size() - header->size, static_cast<std::size_t>(header->payload));
    found.emplace_back(bytes.substr(header->size, size));
    bytes.remove_prefix(header->size + size);
  }
  return found;
}

}  // namespace roomcast::test
