#include "roomcast/room/relief.hpp"

#include "roomcast/room/call.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/share.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <vector>

namespace roomcast {
namespace {

struct claim {
  std::uint64_t size;
  member* who;
  std::shared_ptr<log::link> newest;  // null where it is for what is its own
};

std::vector<claim> claims_on(lane& here) {
  std::vector<claim> claims;
  for (const share* s : here.rooms().all()) {
    const auto newest = s->newest();
    if (!newest) continue;
    for (member* m : s->members())
      if (const auto lag = m->lag_through(*newest); lag != 0) claims.push_back({lag, m, newest});
  }
  for (member& m : here.sessions())
    if (const auto own = m.own_memory(); own != 0) claims.push_back({own, &m, nullptr});
  return claims;
}

std::uint64_t largest_on(lane& here) {
  std::uint64_t largest = 0;
  for (const claim& each : claims_on(here)) largest = std::max(largest, each.size);
  return largest;
}

// Until an eighth of the budget is free: otherwise the next message would be the next reason.
bool is_tight(const memory_budget& memory) noexcept { return memory.held() > memory.limit() - memory.limit() / 8; }

// The largest first.
bool shed_on(lane& here, std::uint64_t least) {
  const memory_budget& memory = here.shared().memory;
  auto claims = claims_on(here);
  std::sort(claims.begin(), claims.end(), [](const claim& a, const claim& b) { return a.size > b.size; });
  for (const claim& each : claims) {
    if (each.size < least || !is_tight(memory)) break;
    each.who->shed(each.newest);
  }
  return memory.exceeded();
}

bool forget_on(lane& here) {
  const memory_budget& memory = here.shared().memory;
  here.rooms().forget_while([&] { return is_tight(memory); });
  return memory.exceeded();
}

// Until it is destroyed, no other one begins.
class only_one {
 public:
  explicit only_one(std::atomic<bool>& under_way) noexcept : under_way_(under_way) {}
  only_one(const only_one&) = delete;
  only_one& operator=(const only_one&) = delete;
  ~only_one() { under_way_ = false; }

 private:
  std::atomic<bool>& under_way_;
};

// Who holds little beside another is spared, whichever lane is asked first.
task<> relieve_all(lane& here) {
  const only_one held{here.shared().relief_under_way};
  const auto& lanes = here.shared().lanes;
  // What is only remembered goes before anybody does.
  for (lane* const each : lanes) {
    call told{here, *each, [each] { return forget_on(*each); }};
    if (!co_await told) co_return;
  }
  auto least = std::numeric_limits<std::uint64_t>::max();
  for (bool exceeded = true; exceeded && least > 1;) {
    std::uint64_t largest = 0;
    for (lane* const each : lanes) {
      call asked{here, *each, [each] { return largest_on(*each); }};
      largest = std::max(largest, co_await asked);
    }
    least = std::min(largest, least - 1) / 2 + 1;
    for (lane* const each : lanes) {
      call told{here, *each, [each, least] { return shed_on(*each, least); }};
      exceeded = co_await told;
    }
  }
}

}  // namespace

void relieve(lane& here) noexcept {
  auto& under_way = here.shared().relief_under_way;
  if (under_way.exchange(true)) return;
  try {
    prepare(relieve_all(here), [](const std::exception_ptr&) {}).resume();  // not even this much memory: the next tick tries again
  } catch (const std::exception&) {
    under_way = false;
  }
}

}  // namespace roomcast
