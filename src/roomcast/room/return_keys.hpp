#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast {

/// Keys by which those whose connection was lost come back for their name and id. A key says both itself and is signed
/// (HMAC-SHA256, with a secret that is made anew with each chat), so that nothing is kept for those who have left. Any thread.
class return_keys {
 public:
  struct identity {
    std::uint64_t id;
    std::string name;
  };

  return_keys();

  /// The key of `who` in room `room`: letters, digits, - and _.
  std::string key_of(std::string_view room, const identity& who) const;

  /// Whose key it is; nothing where it is none, or another room's, or another chat's.
  std::optional<identity> identity_of(std::string_view room, std::string_view key) const;

 private:
  using signature = std::array<unsigned char, 16>;
  signature sign(std::string_view room, std::string_view who) const;

  std::array<unsigned char, 32> secret_;
};

}  // namespace roomcast
