#include "roomcast/store/retention.hpp"

#include <algorithm>

namespace roomcast::store {
namespace {

using std::chrono::seconds;

constexpr seconds time_to_rest{10};

}  // namespace

time_point retention::oldest() const noexcept {
  if (age_ == seconds{0}) return time_point::min();
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) - age_;
}

// What may come together beyond what is kept: so much that a step is worth it, so little that readers pass over it fast.
std::uint64_t retention::slack() const noexcept { return std::clamp<std::uint64_t>(messages_ / 8, 64, 4096); }

retention::clock::duration retention::interval() const noexcept { return std::clamp(age_ / 8, seconds{1}, seconds{3600}); }

void retention::add(stored_room& r) noexcept {
  if (!r.is_linked()) due_.push_back(r);
}

void retention::grew(stored_room& r) noexcept {
  if (surplus_of(r) >= slack()) add(r);
}

void retention::look_around(stored_room* first, clock::time_point now) noexcept {
  if (!looks_at_ || now < *looks_at_) return;
  looks_at_.reset();
  const bool ages = age_ != seconds{0};
  if (ages) looks_at_ = now + interval();
  for (stored_room* r = first; r; r = r->next)
    if (ages || surplus_of(*r) != 0) add(*r);
}

std::optional<retention::clock::time_point> retention::next() const noexcept {
  if (due_.empty()) return looks_at_;
  return looks_at_ ? std::min(rests_until_, *looks_at_) : rests_until_;
}

void retention::rest(clock::time_point now) noexcept { rests_until_ = now + time_to_rest; }

std::size_t retention::step(database& db, tables& t, std::size_t limit) {
  stored_room& r = due_.front();
  const auto which = t.find_stale(r, surplus_of(r), oldest(), limit);
  if (which.count != 0) {
    transaction all{db};
    t.remove(r, which);
    all.commit();
    r.messages -= which.count;
    r.given_up = which.last_seq;
  }
  if (which.count < limit) due_.pop_front();
  return which.count;
}

}  // namespace roomcast::store
