#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::load {

/// What a message of a load says of itself, wherever in its text a server puts it: 25 characters that JSON and HTML leave as
/// they are.
struct marker {
  static constexpr std::size_t size = 25;
  static constexpr char sign = '~';                  // then three numbers of 32 bits, a letter for four bits
  static constexpr std::uint32_t max_sender = 1u << 20;
  static constexpr std::uint32_t max_run = 1u << 12;

  std::uint32_t sender = 0;
  std::uint32_t sequence = 0;  ///< of the sender's messages, from 0
  std::uint32_t time = 0;      ///< when it was to be sent; microseconds since a moment of the run's, modulo 2^32
};

/// Eight of '@', 'A' to 'O', the lowest four bits first.
inline std::uint64_t to_letters(std::uint32_t n) noexcept {
  std::uint64_t v = n;
  v = (v | v << 16) & 0x0000ffff0000ffffu;
  v = (v | v << 8) & 0x00ff00ff00ff00ffu;
  v = (v | v << 4) & 0x0f0f0f0f0f0f0f0fu;
  return v ^ 0x4040404040404040u;
}

/// The marker, as text. `run` tells the messages of one load from those of another.
std::string to_text(const marker& m, std::uint32_t run);

/// Finds the markers of one run.
class marker_reader {
 public:
  explicit marker_reader(std::uint32_t run) noexcept : run_(run) {}

  /// The first marker of the run in `text`. It is looked for where the one before was, counted from the end, and then everywhere.
  std::optional<marker> read(std::string_view text) noexcept {
    if (text.size() >= marker::size + behind_)
      if (const auto m = read_at(text.data() + text.size() - behind_ - marker::size)) return m;
    return search(text);
  }

 private:
  std::optional<marker> read_at(const char* at) const noexcept;
  std::optional<marker> search(std::string_view text) noexcept;

  std::uint32_t run_;
  std::size_t behind_ = 0;  // bytes that follow a marker
};

inline std::optional<marker> marker_reader::read_at(const char* at) const noexcept {
  std::uint64_t word[3];
  std::memcpy(word, at + 1, sizeof word);
  for (auto& w : word) w ^= 0x4040404040404040u;
  if (*at != marker::sign || ((word[0] | word[1] | word[2]) & 0xf0f0f0f0f0f0f0f0u) != 0) return {};
  for (auto& v : word) {
    v = (v | v >> 4) & 0x00ff00ff00ff00ffu;
    v = (v | v >> 8) & 0x0000ffff0000ffffu;
    v = (v | v >> 16) & 0x00000000ffffffffu;
  }
  if (word[0] / marker::max_sender != run_) return {};
  return marker{static_cast<std::uint32_t>(word[0] % marker::max_sender), static_cast<std::uint32_t>(word[1]),
                static_cast<std::uint32_t>(word[2])};
}

}  // namespace roomcast::load
