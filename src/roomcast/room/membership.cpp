#include "roomcast/room/membership.hpp"

#include "roomcast/room/branch.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/recollection.hpp"
#include "roomcast/room/room.hpp"

#include <cstdint>
#include <limits>
#include <variant>

namespace roomcast {
namespace {

// A room may forget faster than its store is read.
constexpr int most_turns = 8;

const recollection unreachable{
    .batches = {}, .begin = std::numeric_limits<std::uint64_t>::max(), .end = std::numeric_limits<std::uint64_t>::max()};

}  // namespace

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

task<membership> membership::join(lane& here, reservation place, member& m, wish& w, beginning& b) {
  for (int turn = 1;; ++turn) {
    share* there = &place.where();
    std::variant<beginning, missing> answer;
    if (place.is_home()) {
      answer = place.where().join(m, place, w);
    } else {
      branch& elsewhere = here.rooms().branch_of(place.where());
      there = &elsewhere;
      answer = co_await elsewhere.join(m, place, w);
    }
    if (auto* const begins = std::get_if<beginning>(&answer)) {
      b = std::move(*begins);
      co_return membership{std::move(place), *there, m};
    }
    if (turn < most_turns)
      co_await recall(here, place.where().name(), std::get<missing>(answer), w);
    else
      w.recalled = unreachable;
  }
}

}  // namespace roomcast
