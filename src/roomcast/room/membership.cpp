#include "roomcast/room/membership.hpp"

#include "roomcast/room/branch.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/room.hpp"

namespace roomcast {

reservation::~reservation() {
  if (!room_) return;
  if (is_home())
    give_up();
  else
    home_->post([r = room_, taken = taken_, number = number_] { r->give_up(*taken, number); });
}

void reservation::give_up() { std::exchange(room_, nullptr)->give_up(*taken_, number_); }

task<> membership::part(std::string_view close) {
  const std::uint64_t end = co_await share_.leave(*member_, place_);
  std::exchange(member_, nullptr)->dismiss(close, end);
}

task<membership> membership::join(lane& here, reservation place, member& m, const wish& w, beginning& b) {
  if (place.is_home()) {
    room& r = place.where();
    b = r.join(m, place, w);
    co_return membership{std::move(place), r, m};
  }
  branch& there = here.rooms().branch_of(place.where());
  co_await there.join(m, place, w, b);
  co_return membership{std::move(place), there, m};
}

}  // namespace roomcast
