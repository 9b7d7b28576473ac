#include "roomcast/server/idempotency.hpp"

#include <openssl/sha.h>

#include <iterator>

namespace roomcast::server {
namespace {

// No room's name has a slash.
std::string name_of(std::string_view room, std::string_view key) { return std::string{room} + '/' + std::string{key}; }

}  // namespace

std::variant<idempotency::ticket, receipt, idempotency::under_way, idempotency::other_text> idempotency::begin(std::string_view room, std::string_view key,
                                                                                                               std::string_view text) {
  const auto now = home_.now();
  while (!entries_.empty() && entries_.front().begun + lifetime <= now) forget_oldest();
  digest d;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), d.data());
  const std::string name = name_of(room, key);
  if (const auto known = by_name_.find(name); known != by_name_.end()) {
    const entry& e = *known->second;
    if (e.text != d) return other_text{};
    if (!e.got) return under_way{};
    return *e.got;
  }
  if (entries_.size() >= most) forget_oldest();
  entries_.push_back({.name = std::pmr::string{name, &home_.shared().memory}, .text = d, .number = ++last_, .begun = now});
  try {
    by_name_.emplace(entries_.back().name, std::prev(entries_.end()));
  } catch (...) {
    entries_.pop_back();
    throw;
  }
  return last_;
}

void idempotency::end(std::string_view room, std::string_view key, ticket t, const std::optional<receipt>& got) {
  const auto known = by_name_.find(name_of(room, key));
  if (known == by_name_.end() || known->second->number != t) return;  // it is forgotten
  if (got) {
    known->second->got = got;
    return;
  }
  const auto at = known->second;
  by_name_.erase(known);
  entries_.erase(at);
}

void idempotency::forget_oldest() noexcept {
  by_name_.erase(entries_.front().name);
  entries_.pop_front();
}

}  // namespace roomcast::server
