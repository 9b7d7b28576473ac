#include "roomcast/room/room.hpp"

#include "roomcast/room/branch.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/wire/json_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace roomcast {

namespace {

// What one answer holds at the most, before anything is escaped: bytes, and then one message more.
constexpr std::size_t enough_history = 256 * 1024;
constexpr std::size_t json_overhead = 128;

}  // namespace

room::room(lane& home, std::string_view name)
    : share(home, name), epoch_(home.shared().next_epoch()), log_(this->name(), home.shared().format, home.shared().memory), history_(home.config().retain_messages, home.shared().memory) {}

std::size_t room::size() const noexcept {
  std::size_t all = members().size();
  for (const remote& each : remotes_) all += each.members;
  return all;
}

std::uint64_t room::order(const speaker& who, payload what) {
  if (!held_) list();
  const std::uint64_t seq = log_.append({.sender = who.number, .id = who.id, .room = {}, .name = who.name, .text = what.bytes,
                                         .binary = what.binary, .echo = what.echo, .time = {}});
  grew();
  return seq;
}

std::uint64_t room::flush() {
  log_.seal();
  while (const auto next = log_.next_to_show()) {
    const auto newest = registry_.make_link(next);  // what can fail, before it is visible
    for (remote& each : remotes_) show(each, next);
    log_.show();
    ++home().count().batches;
    registry_.fan_out(newest);
    remember(next);
  }
  there_is_space();
  return log_.visible_end();
}

bool room::try_flush() noexcept {
  try {
    if (must_wait())
      held_ = true;
    else
      flush();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

// members

// Whoever is there already is told first; then the newcomer is one for whom batches are written.
beginning room::admit(reservation& r, const wish& w) {
  place& taken = r.taken().second;
  if (!taken.present && taken.number == r.number()) {
    presence_.joins(taken.id, r.name());
    taken.present = true;
  }
  if (w.form == wire::encoding::json) log_.use_json(true);
  forget_until(home().now());  // nobody may have looked at the clock
  beginning b{.position = log_.end(), .live = log_.end(), .replay = {}, .seq = log_.seq(), .epoch = epoch_, .members = presence_.count()};
  if (w.since) {
    b.recovered = w.epoch == epoch_ && *w.since >= history_.forgotten_seq() && *w.since <= log_.seq();
    if (b.recovered) b.replay = history_.after(*w.since);
  } else if (w.history != 0) {
    b.replay = history_.last(w.history);
  }
  // What is ordered, and not visible yet, comes after it.
  if (b.recovered || w.history != 0) b.position = log_.visible_end();
  if (w.form == wire::encoding::json)
    for (auto& each : b.replay.batches) each = log_.in_json(each);
  ++readers_[static_cast<std::size_t>(w.form)];
  return b;
}

void room::reader_left(wire::encoding form) noexcept {
  if (--readers_[static_cast<std::size_t>(form)] == 0 && form == wire::encoding::json) log_.use_json(false);
}

beginning room::join(member& m, reservation& place, const wish& w) {
  beginning b = admit(place, w);
  try {
    add(m, b);
  } catch (...) {
    reader_left(w.form);
    throw;
  }
  return b;
}

void room::remove(member& m) noexcept {
  share::remove(m);
  reader_left(m.form());
}

task<std::uint64_t> room::leave(member& m, reservation&) {
  const std::uint64_t end = flush();
  remove(m);
  co_return end;
}

void room::dismiss(std::size_t most) { share::dismiss(most, flush()); }

room::answer room::list_members(const std::optional<std::string>& ref) const {
  wire::json::members_writer list{ref};
  std::size_t left = home().config().presence_limit;
  for (const auto& [name, taken] : places_) {
    if (!taken.present) continue;
    if (left-- == 0) break;
    list.add(taken.id, name);
  }
  return {list.finish(presence_.count()), log_.visible_end()};
}

room::answer room::list_history(const std::optional<std::string>& ref, std::uint64_t before, std::size_t limit) {
  forget_until(home().now());
  // Backwards, until it is enough; then written forwards.
  std::vector<wire::message> found;
  const auto batches = history_.batches();
  std::size_t bytes = 0;
  bool complete = history_.forgotten_seq() == 0;
  for (auto b = batches.rbegin(); b != batches.rend(); ++b) {
    for (std::size_t i = (*b)->entries.size(); i-- > 0;) {
      const log::entry& e = (*b)->entries[i];
      if (e.notice || e.binary || (*b)->seq_of(e) >= before) continue;
      if (found.size() == limit || bytes > enough_history) {
        complete = false;
        break;
      }
      found.push_back((*b)->message(i));
      bytes += found.back().text.size() + json_overhead;
    }
  }
  wire::json::history_writer list{ref};
  for (auto m = found.rbegin(); m != found.rend(); ++m) list.add(*m);
  return {list.finish(complete), log_.visible_end()};
}

// branches

room::remote& room::of(branch& b) {
  return *std::find_if(remotes_.begin(), remotes_.end(), [&](const remote& each) { return each.where == &b; });
}

beginning room::join(branch& b, reservation& place, const wish& w) {
  if (std::none_of(remotes_.begin(), remotes_.end(), [&](const remote& each) { return each.where == &b; }))
    remotes_.push_back({.where = &b, .shown_to = log_.visible_end()});
  beginning begins = admit(place, w);
  ++of(b).members;
  return begins;
}

void room::leave(branch& b, wire::encoding form) noexcept {
  --of(b).members;
  reader_left(form);
}

void room::cut_off(branch& b) noexcept {
  std::erase_if(remotes_, [&](const remote& each) { return each.where == &b; });
  go_on();
  if (!is_needed()) forget();
}

void room::show(remote& r, const std::shared_ptr<const log::batch>& next) {
  if (r.shown_to >= next->end()) return;  // memory ran out further on, the last time
  r.where->here().post([where = r.where, next, taken = r.taken] { where->show(next, taken); });
  r.shown_to = next->end();
  r.taken = 0;
  ++r.unanswered;
}

void room::take(branch& b, const parcel& p) {
  remote& from = of(b);
  from.unanswered -= p.shown;
  p.for_each([&](const speaker& who, payload what) {
    from.taken += parcel::size_of(who, what);
    try {
      order(who, what);
    } catch (const std::exception& e) {
      home().shared().log(log_level::error, fmt::format("a message is lost: {}", e.what()));
    }
  });
  go_on();
}

// A second batch may follow the one that is being shown where it is a full one: nothing is gained by waiting.
bool room::must_wait() const noexcept {
  const std::size_t allowed = log_.open_bytes() >= full_batch ? 1 : 0;
  return std::any_of(remotes_.begin(), remotes_.end(), [&](const remote& each) { return each.unanswered > allowed; });
}

void room::go_on() noexcept {
  if (!held_ || must_wait()) return;
  held_ = false;
  try {
    list();
  } catch (const std::exception&) {  // no memory: the next message lists it
  }
}

// what it remembers

template <class Change>
void room::change_history(Change change) {
  const std::uint64_t before = history_.weight();
  change();
  home().rooms().recount(*this, before);
}

void room::remember(const std::shared_ptr<const log::batch>& newest) {
  const options& o = home().config();
  if (o.retain_messages == 0) return history_.forget_through(newest->last_seq());
  change_history([&] {
    history_.add(newest, home().now(), o.retain_age / 8);
    const std::uint64_t most = std::min<std::uint64_t>(o.retain_bytes, home().rooms().most_remembered());
    const auto is_too_much = [&] {
      return history_.messages() - history_.oldest_messages() >= o.retain_messages || history_.weight() > most;
    };
    while (!history_.empty() && is_too_much()) history_.forget_oldest();
  });
  home().rooms().spoke(*this);
  if (history_.empty() || is_ageing_) return;
  home().set_background_deadline(ageing_, history_.oldest_time() + o.retain_age);
  is_ageing_ = true;
}

void room::forget_until(timer_wheel::time_point now) {
  is_ageing_ = false;
  const auto age = home().config().retain_age;
  change_history([&] {
    while (!history_.empty() && history_.oldest_time() + age <= now) history_.forget_oldest();
  });
  if (!history_.empty()) {
    home().set_background_deadline(ageing_, history_.oldest_time() + age);
    is_ageing_ = true;
  }
}

void room::forget_oldest() {
  change_history([&] { history_.forget_oldest(); });
  if (!is_needed()) forget();
}

void room::forget_all() {
  change_history([&] {
    while (!history_.empty()) history_.forget_oldest();
  });
  if (!is_needed()) forget();
}

// its life

bool room::is_in_use() const noexcept { return !places_.empty() || log_.hidden_bytes() != 0 || is_listed() || !remotes_.empty(); }

bool room::is_needed() const noexcept { return is_in_use() || !history_.empty(); }

void room::forget() { home().rooms().forget(*this); }

void room::give_up(places::value_type& taken, std::uint64_t number) noexcept {
  place& p = taken.second;
  if (p.number == number) {
    p.number = 0;
    if (std::exchange(p.present, false)) presence_.leaves(p.id, taken.first);
  }
  if (--p.reservations == 0) places_.erase(places_.find(taken.first));
  if (!is_needed()) forget();
}

}  // namespace roomcast
