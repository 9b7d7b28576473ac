#include "roomcast/store/room_index.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <utility>

namespace roomcast::store {

room_index::room_index() {
  std::random_device source;
  std::generate(secret_.begin(), secret_.end(), std::ref(source));
}

stored_room* room_index::find(std::string_view name) const noexcept {
  const auto at = rooms_.find(name);
  return at == rooms_.end() ? nullptr : at->second.get();
}

stored_room& room_index::add(std::int64_t id, std::string_view name, std::string_view epoch, std::uint64_t seq, std::uint64_t messages) {
  auto made = std::make_unique<stored_room>(id, name, epoch, seq, messages);
  stored_room& r = *made;
  rooms_.emplace(r.name, std::move(made));
  r.next = std::exchange(first_, &r);
  last_id_ = std::max(last_id_, id);
  return r;
}

stored_room& room_index::get(std::string_view name) {
  if (stored_room* const known = find(name)) return *known;
  return add(last_id_ + 1, name, new_epoch(name), 0, 0);
}

std::string room_index::new_epoch(std::string_view name) const {
  static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  const std::uint64_t hash = std::hash<std::string_view>{}(name);
  std::seed_seq seed{secret_[0], secret_[1], secret_[2], secret_[3], static_cast<std::uint32_t>(hash),
                     static_cast<std::uint32_t>(hash >> 32)};
  std::mt19937 generator{seed};
  std::uniform_int_distribution<std::size_t> any{0, letters.size() - 1};
  std::string epoch(8, ' ');
  std::generate(epoch.begin(), epoch.end(), [&] { return letters[any(generator)]; });
  return epoch;
}

}  // namespace roomcast::store
