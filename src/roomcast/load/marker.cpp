#include "roomcast/load/marker.hpp"

namespace roomcast::load {

std::string to_text(const marker& m, std::uint32_t run) {
  const std::uint64_t words[] = {to_letters(run * marker::max_sender + m.sender), to_letters(m.sequence), to_letters(m.time)};
  std::string text(marker::size, marker::sign);
  std::memcpy(text.data() + 1, words, sizeof words);
  return text;
}

std::optional<marker> marker_reader::search(std::string_view text) noexcept {
  for (auto at = text.find(marker::sign); at != text.npos; at = text.find(marker::sign, at + 1)) {
    if (text.size() - at < marker::size) break;
    const auto m = read_at(text.data() + at);
    if (!m) continue;
    behind_ = text.size() - at - marker::size;
    return m;
  }
  return {};
}

}  // namespace roomcast::load
