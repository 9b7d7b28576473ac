#include "roomcast/room/directory.hpp"

#include "roomcast/name.hpp"
#include "roomcast/room/branch.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/room/room.hpp"

#include <algorithm>
#include <utility>

namespace roomcast {
namespace {

// How many rooms are looked at for one to forget.
constexpr int patience = 32;

void displace(const place& taken) {
  lane& there = *taken.where;
  there.post([&there, number = taken.number] { there.evict(number, eviction::displaced); });
}

}  // namespace

directory::directory(lane& home) : home_(home) {}
directory::~directory() = default;

std::variant<reservation, no_place> directory::reserve(std::string_view room_name, const applicant& who) {
  room* const r = open(room_name);
  if (!r) return no_place::too_many_rooms;
  const auto refuse = [&](no_place why) {
    if (!r->is_needed()) forget(*r);
    return why;
  };
  try {
    const auto returning = home_.shared().keys.identity_of(room_name, who.key);
    const auto limit = home_.config().max_members;
    const bool is_full = limit != 0 && r->places_.size() >= limit;
    if (is_full && !returning) return refuse(no_place::room_full);
    const std::string name = returning ? returning->name : who.name.empty() ? default_member_name(home_.shared().next_user++) : std::string{who.name};
    if (name == home_.config().publisher) return refuse(no_place::name_taken);
    const auto known = r->places_.find(name);
    const bool is_free = known == r->places_.end() || known->second.number == 0;
    if (!is_free) {
      // Names of the form of those that are given are reserved, and each number is given once.
      if (!returning || known->second.id != returning->id) return refuse(no_place::name_taken);
      displace(known->second);
    }
    if (is_full && is_free) return refuse(no_place::room_full);
    auto& taken = known != r->places_.end() ? *known : *r->places_.try_emplace(name).first;
    ++taken.second.reservations;
    taken.second.number = who.number;
    taken.second.where = who.where;
    if (is_free) taken.second.id = returning ? returning->id : who.number;
    return reservation{*r, taken, who.number};
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
  while (!home_.shared().take_room()) {
    if (forget_a_silent_one()) continue;
    rooms_.erase(at);
    return nullptr;
  }
  ++home_.count().rooms;
  return at->second.get();
}

room* directory::find(std::string_view room_name) const {
  const auto at = rooms_.find(room_name);
  return at == rooms_.end() ? nullptr : at->second.get();
}

std::vector<directory::summary> directory::list(std::string_view after, std::size_t most) const {
  std::vector<const room*> found;
  for (const auto& [name, r] : rooms_)
    if (name > after) found.push_back(r.get());
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(most, found.size()));
  std::partial_sort(found.begin(), end, found.end(), [](const room* a, const room* b) { return a->name() < b->name(); });
  std::vector<summary> listed;
  for (auto each = found.begin(); each != end; ++each) listed.push_back({(*each)->name(), (*each)->presence_.count()});
  return listed;
}

std::optional<directory::whereabouts> directory::find_member(std::string_view room_name, std::uint64_t id) const {
  const room* const r = find(room_name);
  if (!r) return {};
  for (const auto& [name, taken] : r->places_)
    if (taken.present && taken.id == id) return whereabouts{taken.where, taken.number};
  return {};
}

void directory::abandon_waiting() noexcept {
  for (const auto& [name, r] : rooms_) const auto gone = std::exchange(r->awaiting_, {});
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

void directory::recount(room& r, std::uint64_t before) noexcept {
  const std::uint64_t now = r.remembered();
  remembered_ += now - before;
  home_.count().remembered_bytes = remembered_;
  if (now == 0)
    r.unlink();
  else if (!r.is_linked())
    remembering_.push_back(r);
}

void directory::spoke(room& r) {
  if (r.is_linked()) {
    r.unlink();
    remembering_.push_back(r);
  }
  // None of them is `r`, which alone does not remember too much.
  forget_while([this] { return remembered_ > most_remembered(); });
}

std::uint64_t directory::most_remembered() const noexcept { return home_.config().retain_total / home_.shared().lanes.size(); }

void directory::forget_while(const std::function<bool()>& more) {
  while (!remembering_.empty() && more()) static_cast<room&>(remembering_.front()).forget_oldest();
}

bool directory::forget_a_silent_one() {
  int looked_at = 0;
  for (remembering& each : remembering_) {
    if (auto& silent = static_cast<room&>(each); !silent.is_in_use()) {
      silent.forget_all();
      return true;
    }
    if (++looked_at == patience) break;
  }
  return false;
}

}  // namespace roomcast
