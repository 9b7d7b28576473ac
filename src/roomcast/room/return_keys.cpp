#include "roomcast/room/return_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace roomcast {
namespace {

constexpr std::size_t id_size = 8;
constexpr std::size_t longest = 512;  // of a key, with the longest name

// Base64, as it may stand in a URL (RFC 4648, section 5), without padding.
std::string encode(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                       reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::optional<std::string> decode(std::string_view text) {
  if (text.size() > longest || text.find_first_of("+/= \n\r\t") != text.npos) return {};
  std::string padded{text};
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  const std::size_t padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  std::string bytes(padded.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(padded.data()),
                                   static_cast<int>(padded.size()));
  if (size < 0 || padding == 3) return {};
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string bytes_of(std::uint64_t number) {
  std::string bytes;
  for (std::size_t i = 0; i < id_size; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
  return bytes;
}

std::uint64_t number_of(std::string_view bytes) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = id_size; i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace

return_keys::return_keys() {
  if (RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) != 1) throw std::runtime_error("no random bytes are to be had");
}

return_keys::signature return_keys::sign(std::string_view room, std::string_view who) const {
  // No room's name has a slash.
  const std::string all = std::string{room} + '/' + std::string{who};
  std::array<unsigned char, EVP_MAX_MD_SIZE> whole{};
  if (!HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), reinterpret_cast<const unsigned char*>(all.data()), all.size(),
            whole.data(), nullptr))
    throw std::runtime_error("HMAC-SHA256 is not to be had");
  signature s;
  std::copy_n(whole.begin(), s.size(), s.begin());
  return s;
}

std::string return_keys::key_of(std::string_view room, const identity& who) const {
  const std::string said = bytes_of(who.id) + who.name;
  const signature s = sign(room, said);
  return encode(std::string(s.begin(), s.end()) + said);
}

std::optional<return_keys::identity> return_keys::identity_of(std::string_view room, std::string_view key) const {
  const auto bytes = decode(key);
  signature s;
  if (!bytes || bytes->size() <= s.size() + id_size) return {};
  const auto said = std::string_view{*bytes}.substr(s.size());
  s = sign(room, said);
  if (CRYPTO_memcmp(s.data(), bytes->data(), s.size()) != 0) return {};
  return identity{.id = number_of(said), .name = std::string{said.substr(id_size)}};
}

}  // namespace roomcast
