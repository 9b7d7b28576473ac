#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::server {

/// Who may use the API: those who have a key of a file's, in which each stands on a line; blank lines, and those that begin with #,
/// are left out. What is kept are digests. Any thread.
class api_keys {
 public:
  static constexpr std::size_t shortest = 16;

  /// Throws `std::runtime_error`, whose text names the file, the line and what is wrong, but no key.
  explicit api_keys(std::string file);

  /// Reads the file again. Where that throws, the keys stay as they are.
  void reread();

  /// Whether `key` is one of them. The time it takes does not tell how much of it is right.
  bool have(std::string_view key) const;

 private:
  using digest = std::array<unsigned char, 32>;  // SHA-256
  static digest digest_of(std::string_view key);
  static std::vector<digest> read(const std::string& file);

  const std::string file_;
  mutable std::mutex mutex_;
  std::vector<digest> digests_;  // under the mutex
};

}  // namespace roomcast::server
