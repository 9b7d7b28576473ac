#include "roomcast/server/api_keys.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace roomcast::server {
namespace {

std::string_view trimmed(std::string_view line) noexcept {
  constexpr std::string_view blank = " \t\r";
  const auto first = line.find_first_not_of(blank);
  return first == line.npos ? std::string_view{} : line.substr(first, line.find_last_not_of(blank) + 1 - first);
}

// What may stand behind Bearer: RFC 6750, section 2.1.
bool is_token(std::string_view key) noexcept {
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view{"-._~+/="}.find(c) != std::string_view::npos;
  });
}

}  // namespace

api_keys::api_keys(std::string file) : file_(std::move(file)), digests_(read(file_)) {}

void api_keys::reread() {
  auto fresh = read(file_);
  const std::lock_guard lock{mutex_};
  digests_ = std::move(fresh);
}

bool api_keys::have(std::string_view key) const {
  const digest asked = digest_of(key);
  const std::lock_guard lock{mutex_};
  bool found = false;
  for (const digest& each : digests_) found |= CRYPTO_memcmp(each.data(), asked.data(), asked.size()) == 0;
  return found;
}

api_keys::digest api_keys::digest_of(std::string_view key) {
  digest d;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), d.data());
  return d;
}

std::vector<api_keys::digest> api_keys::read(const std::string& file) {
  std::ifstream in{file};
  if (!in) throw std::runtime_error(fmt::format("{}: {}", file, std::generic_category().message(errno)));
  std::vector<digest> found;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const auto key = trimmed(line);
    if (key.empty() || key.starts_with('#')) continue;
    if (key.size() < shortest) throw std::runtime_error(fmt::format("{}:{}: a key has at least {} characters", file, number, shortest));
    if (!is_token(key)) throw std::runtime_error(fmt::format("{}:{}: a key consists of letters, digits and - . _ ~ + / =", file, number));
    found.push_back(digest_of(key));
  }
  if (in.bad()) throw std::runtime_error(fmt::format("{}: it cannot be read", file));
  if (found.empty()) throw std::runtime_error(fmt::format("{}: there is no key in it", file));
  return found;
}

}  // namespace roomcast::server
