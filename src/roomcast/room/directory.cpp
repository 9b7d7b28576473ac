#include "roomcast/room/directory.hpp"

#include "roomcast/name.hpp"
#include "roomcast/room/branch.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/room/room.hpp"

namespace roomcast {

directory::directory(lane& home) : home_(home) {}
directory::~directory() = default;

std::variant<reservation, no_place> directory::reserve(std::string_view room_name, std::string_view name) {
  room* const r = open(room_name);
  if (!r) return no_place::too_many_rooms;
  const auto refuse = [&](no_place why) {
    if (!r->is_needed()) forget(*r);
    return why;
  };
  const auto limit = home_.config().max_members;
  if (limit != 0 && r->names_.size() >= limit) return refuse(no_place::room_full);
  if (name == home_.config().publisher) return refuse(no_place::name_taken);
  try {
    // Not to be taken already: names of this form are reserved, and each number is given once.
    const auto [at, fresh] =
        r->names_.emplace(name.empty() ? default_member_name(home_.shared().next_user++) : std::string{name});
    if (!fresh) return refuse(no_place::name_taken);
    return reservation{*r, *at};
  } catch (...) {
    if (!r->is_needed()) forget(*r);
    throw;
  }
}

room* directory::open(std::string_view room_name) {
  if (const auto at = rooms_.find(room_name); at != rooms_.end()) return at->second.get();
  auto made = std::make_unique<room>(home_, room_name);
  const std::string_view key = made->name();
  const auto at = rooms_.emplace(key, std::move(made)).first;
  if (!home_.shared().take_room()) {
    rooms_.erase(at);
    return nullptr;
  }
  ++home_.count().rooms;
  return at->second.get();
}

void directory::forget(room& r) noexcept {
  rooms_.erase(rooms_.find(r.name()));
  --home_.shared().rooms;
  --home_.count().rooms;
}

branch& directory::branch_of(room& r) {
  if (const auto at = branches_.find(r.name()); at != branches_.end()) return *at->second;
  auto made = std::make_unique<branch>(home_, r);
  const std::string_view key = made->name();
  return *branches_.emplace(key, std::move(made)).first->second;
}

std::unique_ptr<branch> directory::forget(branch& b) noexcept {
  const auto at = branches_.find(b.name());
  auto gone = std::move(at->second);
  branches_.erase(at);
  return gone;
}

std::vector<share*> directory::all() const {
  std::vector<share*> shares;
  shares.reserve(rooms_.size() + branches_.size());
  for (const auto& [name, r] : rooms_) shares.push_back(r.get());
  for (const auto& [name, b] : branches_) shares.push_back(b.get());
  return shares;
}

}  // namespace roomcast
