#include "roomcast/connection/census.hpp"

#include "roomcast/connection/connection.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/share.hpp"

#include <algorithm>
#include <tuple>

namespace roomcast {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

struct candidate {
  std::uint64_t lag;
  timer_wheel::time_point blocked_since;
  const connection* who;
  const share* where;
};

connection_figures figures_of(const candidate& c, timer_wheel::time_point now) {
  const connection& who = *c.who;
  const bool is_blocked = c.blocked_since != deadlines::never;
  return {.id = who.id(),
          .room = c.where->name(),
          .name = std::string{who.name()},
          .address = who.address(),
          .form = who.form(),
          .age = duration_cast<milliseconds>(now - who.began()),
          .lag_bytes = c.lag,
          .waiting = is_blocked ? duration_cast<milliseconds>(now - c.blocked_since) : milliseconds{0},
          .received_bytes = who.received_bytes(),
          .sent_bytes = who.sent_bytes(),
          .way = who.way_to_peer()};
}

}  // namespace

census count_members(lane& here, std::size_t limit) {
  std::vector<candidate> all;
  for (const share* s : here.rooms().all()) {
    const auto newest = s->newest();
    for (const member* m : s->members()) {
      const auto& who = static_cast<const connection&>(*m);  // there are no other members
      all.push_back({newest ? who.lag_through(*newest) : 0, who.blocked_since(), &who, s});
    }
  }
  census counted{.most_lagging = {}, .members = all.size()};
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(limit, all.size()));
  std::partial_sort(all.begin(), end, all.end(), [](const candidate& a, const candidate& b) {
    return std::tuple{b.lag, a.blocked_since} < std::tuple{a.lag, b.blocked_since};
  });
  for (auto each = all.begin(); each != end; ++each) counted.most_lagging.push_back(figures_of(*each, here.now()));
  return counted;
}

bool lags_more(const connection_figures& a, const connection_figures& b) noexcept {
  return std::tuple{a.lag_bytes, a.waiting} > std::tuple{b.lag_bytes, b.waiting};
}

}  // namespace roomcast
