#include "performance.hpp"

#include "roomcast/room/room.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

namespace roomcast::test::model {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t least_budget = 1u << 20;

constexpr std::size_t kept_notes = 30;

options some_options(dice& d) {
  options o;
  o.format = d.one_of({"[{name}] {text}", "{text}", "{room}/{seq} {name}: {text}"});
  o.echo = !d.once_in(3);
  o.slow_reader = d.once_in(3) ? slow_reader_policy::skip : slow_reader_policy::close;
  o.max_lag = d.one_of<std::size_t>({0, 700, 5'000, 50'000, 1u << 30});
  o.max_message_size = d.one_of<std::size_t>({125, 1'000, 20'000, 70'000});
  o.max_members = d.once_in(3) ? 4 : 0;
  o.max_control_rate = 0;
  o.retain_messages = 0;
  o.binary = d.once_in(2) ? binary_policy::relay : binary_policy::refuse;
  o.memory_budget = d.once_in(3) ? least_budget : std::size_t{1} << 40;
  o.ping_interval = d.one_of<std::chrono::milliseconds>({3s, 25s, 1h});
  o.pong_timeout = d.one_of<std::chrono::milliseconds>({1s, 10s});
  o.message_timeout = d.one_of<std::chrono::milliseconds>({4s, 30s});
  o.send_timeout = d.one_of<std::chrono::milliseconds>({5s, 30s});
  o.close_timeout = d.one_of<std::chrono::milliseconds>({1s, 5s});
  return o;
}

}  // namespace

performance::performance(std::uint64_t seed, std::size_t lanes) : dice_(seed), options_(some_options(dice_)), stage_(options_, lanes) {
  for (const auto* const name : {"lobby", "a", "b"})
    if (rooms_.empty() || !dice_.once_in(3)) rooms_.emplace_back(name, options_);
}

void performance::play(int steps) {
  // Half of the performances go on for a while after a stop.
  const int stop_at = dice_.once_in(2) ? steps - static_cast<int>(dice_.below(100)) : steps;
  for (int i = 0; i < steps; ++i) {
    ++step_;
    be_polite();
    if (i == stop_at)
      stop();
    else
      act();
    keep_order();
  }
  finish();
}

void performance::finish() {
  ++step_;
  note("the end");
  settle();
  for (auto& each : actors_) each.resume();
  look();
  if (!stopped_ && dice_.once_in(2)) stop();
  while (!actors_.empty()) {
    be_polite();
    if (!actors_.empty() && actors_.front().as_reader().is_member()) leave(actors_.front());
    pass(1s);
  }
  settle();
  if (const auto held = stage_.hub().shared().memory.held(); held != 0) throw contradiction(fmt::format("{} bytes are held for nobody", held));
}

std::string performance::story() const {
  const auto& o = options_;
  return fmt::format(
      "format \"{}\", echo {}, skip {}, max_lag {}, max_message_size {}, max_members {}, memory_budget {}, ms: ping_interval {}, pong_timeout {}, "
      "message_timeout {}, send_timeout {}, close_timeout {}\n{}",
      o.format, o.echo, o.slow_reader == slow_reader_policy::skip, o.max_lag, o.max_message_size, o.max_members,
      o.memory_budget,
      o.ping_interval.count(), o.pong_timeout.count(), o.message_timeout.count(), o.send_timeout.count(), o.close_timeout.count(),
      fmt::join(notes_, "\n"));
}

void performance::note(std::string what) {
  notes_.push_back(fmt::format("step {}, {} s: {}", step_, static_cast<double>(now_.count()) / 1000, what));
  if (notes_.size() > kept_notes) notes_.pop_front();
}

// Only one lane keeps the order in which several act.
void performance::keep_order() {
  if (has_several_lanes()) settle();
}

// What is said from here on is not said together with what was said before.
void performance::settle() {
  stage_.settle();
  look();
  pending_ = 0;
  speakers_.clear();
}

// Everything has happened that can.
void performance::look() {
  std::map<std::uint64_t, const std::string*> registry;
  for (const auto& lane : stage_.hub().lanes())
    for (const roomcast::share* const s : lane->rooms().all())
      for (const member* const m : s->members())
        if (!registry.emplace(m->id(), &s->name()).second) throw contradiction(fmt::format("{} is in a registry twice", m->id()));
  const auto is_member = [&](const actor& a) {
    const auto at = registry.find(a.as_reader().id());
    return at != registry.end() && *at->second == a.where().name();
  };
  std::vector<const actor*> too_slow;
  for (auto& each : actors_)
    if (each.as_reader().is_offered()) too_slow.push_back(&each);
  if (std::exchange(shed_, stage_.count().shed) != stage_.count().shed)
    for (auto& each : actors_) each.as_reader().may_be_shed();
  for (auto& each : actors_) each.listen(now_);
  for (auto& each : actors_) each.settles(is_member(each), now_);
  slow_readers_ += static_cast<std::uint64_t>(std::count_if(too_slow.begin(), too_slow.end(), [](auto* a) { return a->as_reader().is_member(); }));
  count(registry.size());
  for (auto& r : rooms_) {
    r.settled();
    if (members_of(r) == 0) r.ends();
  }
}

std::size_t performance::members_of(const room& r) const {
  return static_cast<std::size_t>(std::count_if(actors_.begin(), actors_.end(), [&](const actor& a) { return a.is_in(r); }));
}

void performance::count(std::size_t members) {
  std::size_t expected_members = 0, expected_rooms = 0, expected_sessions = 0;
  for (const auto& r : rooms_) {
    expected_members += members_of(r);
    if (members_of(r) != 0) ++expected_rooms;
  }
  for (const auto& each : actors_)
    if (!each.is_gone() && !each.has_ended()) ++expected_sessions;
  const auto& c = stage_.count();
  const auto require = [](std::string_view what, std::uint64_t is, std::uint64_t expected) {
    if (is != expected) throw contradiction(fmt::format("there are {} {}, not {}", is, what, expected));
  };
  require("members in the registries", members, expected_members);
  require("members", c.members, expected_members);
  require("members by joins and leaves", c.joins - c.leaves, expected_members);
  require("rooms", c.rooms, expected_rooms);
  require("sessions", c.sessions, expected_sessions);
  if (c.slow_readers_closed + c.slow_readers_skipped < slow_readers_)
    throw contradiction(fmt::format("a reader that is too slow is neither closed nor skipped"));
  slow_readers_ = c.slow_readers_closed + c.slow_readers_skipped;
  if (stopped_ && now_ >= stop_deadline_ + 200ms && !*stopped_) throw contradiction("the stop does not end");
  if (stopped_ && *stopped_) require("sessions after the stop", c.sessions, 0);
}

}  // namespace roomcast::test::model
