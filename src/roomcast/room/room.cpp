#include "roomcast/room/room.hpp"

#include "roomcast/room/branch.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/wire/json_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace roomcast {

namespace {

// Of a message in JSON, about.
constexpr std::size_t json_overhead = 128;

}  // namespace

room::room(lane& home, std::string_view name)
    : share(home, name),
      log_(this->name(), home.shared().format, home.shared().memory, home.shared().store != nullptr),
      history_(home.config().retain_messages, home.shared().memory) {
  if (!is_stored()) {
    epoch_ = home.shared().next_epoch();
    return;
  }
  auto stands = home.shared().store->open(this->name());
  epoch_ = std::move(stands.epoch);
  log_.resume_after(stands.seq);
  history_.forget_through(stands.seq);
}

bool room::is_stored() const noexcept { return home().shared().store != nullptr; }

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
  if (is_stored()) store_sealed();
  show_settled();
  return log_.end();
}

void room::store_sealed() {
  while (const auto next = log_.next_to_store()) {
    if (next->messages == 0 && !log_.is_storing()) {
      log_.store();
      log_.settle({});
      continue;
    }
    verdict& told = verdicts_.emplace_back(*this);
    try {
      home().shared().store->append(name(), next, [&told](error_code failure) {
        told.failure = failure;
        told.whole.home().post(told);
      });
    } catch (...) {
      verdicts_.pop_back();
      throw;
    }
    log_.store();
  }
}

void room::settle() noexcept {
  const error_code failure = verdicts_.front().failure;
  verdicts_.pop_front();
  const log::batch& settled = log_.settle(failure);
  home().count().stored += settled.messages;
  home().count().not_stored += settled.lost;
  try {
    show_settled();
  } catch (const std::exception&) {  // no memory: the next flush shows it
    held_ = true;
  }
  go_on();
  if (!is_needed()) forget();
}

void room::show_settled() {
  while (const auto next = log_.next_to_show()) {
    const auto newest = registry_.make_link(next);  // what can fail, before it is visible
    for (remote& each : remotes_) show(each, next);
    log_.show();
    ++home().count().batches;
    home().count().batch_messages.record(next->messages);
    fan_out(newest);
    remember(next);
    while (!awaiting_.empty() && awaiting_.front().position <= next->end()) {
      const auto then = std::move(awaiting_.front().then);
      awaiting_.pop_front();
      then(next->failure);
    }
  }
  has_progressed();
}

void room::when_visible(std::function<void(error_code)> then) {
  if (has_shown(log_.end())) return then({});
  awaiting_.push_back({log_.end(), std::move(then)});
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

// The browser's own client of an event stream knows nothing but the last number.
bool room::is_of_this_epoch(const wish& w) const noexcept { return w.epoch == epoch_ || (w.epoch.empty() && w.form == wire::encoding::events); }

bool room::can_resume(const wish& w) const noexcept {
  if (!is_of_this_epoch(w) || *w.since > (is_stored() ? log_.visible_seq() : log_.seq())) return false;
  if (*w.since >= history_.forgotten_seq()) return true;
  return w.recalled && w.recalled->begin <= *w.since && w.recalled->end >= history_.forgotten_seq();
}

// What `w` asks for and is stored, but not remembered, as far as it has not been read.
std::optional<missing> room::find_missing(const wish& w) const {
  const std::uint64_t forgotten = history_.forgotten_seq();
  missing range{.after = 0, .before = forgotten + 1, .limit = std::numeric_limits<std::size_t>::max()};
  if (!is_stored() || forgotten == 0 || (w.recalled && w.recalled->end >= forgotten)) return {};
  if (w.since) {
    if (!is_of_this_epoch(w) || *w.since > log_.visible_seq() || *w.since >= forgotten) return {};
    range.after = *w.since;
  } else {
    if (w.history <= history_.messages()) return {};
    range.limit = w.history - history_.messages();
  }
  if (w.recalled) range.after = w.recalled->end;
  return range;
}

log::replay room::replay_of(const wish& w) {
  const bool is_recalled = w.recalled && w.recalled->end >= history_.forgotten_seq();
  log::replay r;
  if (w.since)
    r = history_.after(*w.since);
  else
    r = history_.last(w.history);
  if (!is_recalled || w.recalled->batches.empty()) return r;
  auto older = w.recalled->batches;
  std::size_t skipped = 0;
  if (!w.since) {
    // More may have been said since that was read.
    std::size_t recalled = 0;
    for (const auto& each : older) recalled += each->messages;
    if (r.first != 0 || history_.messages() >= w.history) return r;
    skipped = recalled - std::min(recalled, w.history - history_.messages());
    const auto first = std::find_if(older.begin(), older.end(), [&](const auto& each) {
      if (skipped < each->messages) return true;
      skipped -= each->messages;
      return false;
    });
    older.erase(older.begin(), first);
    if (older.empty()) return r;
  }
  r.own = older.size();
  r.batches.insert(r.batches.begin(), older.begin(), older.end());
  r.first = skipped;
  return r;
}

// Whoever is there already is told first; then the newcomer is one for whom batches are written.
beginning room::admit(reservation& r, const wish& w) {
  place& taken = r.taken().second;
  if (w.form != wire::encoding::events && !taken.present && taken.number == r.number()) {
    presence_.joins(taken.id, r.name());
    taken.present = true;
  }
  log_.use(w.form);
  beginning b{.position = log_.end(), .live = log_.end(), .replay = {}, .seq = log_.seq(), .epoch = epoch_, .members = presence_.count()};
  b.recovered = w.since && can_resume(w);
  if (b.recovered || (!w.since && w.history != 0)) b.replay = replay_of(w);
  // What is ordered, and not visible yet, comes after what is replayed. If it is to be stored, nobody may be told of it yet.
  if (b.recovered || w.history != 0 || is_stored()) b.position = log_.visible_end();
  if (is_stored()) b.seq = log_.visible_seq();
  for (auto& each : b.replay.batches) each = log_.writer().in_form(each, w.form);
  ++readers_[static_cast<std::size_t>(w.form)];
  return b;
}

void room::reader_left(wire::encoding form) noexcept {
  if (--readers_[static_cast<std::size_t>(form)] == 0) log_.disuse(form);
}

std::variant<beginning, missing> room::join(member& m, reservation& place, const wish& w) {
  forget_until(home().now());  // nobody may have looked at the clock
  if (const auto wanted = find_missing(w)) return *wanted;
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
  co_await shown_until(end);
  remove(m);
  co_return end;
}

void room::dismiss(std::size_t most) {
  const std::uint64_t end = flush();
  when_visible([this, most, end](error_code) { share::dismiss(most, end); });
}

std::vector<room::person> room::people() const {
  std::vector<person> found;
  for (const auto& [name, taken] : places_) {
    if (!taken.present) continue;
    if (found.size() == home().config().presence_limit) break;
    found.push_back({taken.id, name});
  }
  return found;
}

room::answer room::list_members(const std::optional<std::string>& ref) const {
  wire::json::members_writer list{ref};
  for (const person& each : people()) list.add(each.id, each.name);
  return {list.finish(population()), log_.visible_end()};
}

log::store::excerpt room::excerpt(const log::store::range& which) {
  forget_until(home().now());
  const bool is_whole = history_.forgotten_seq() <= which.after;
  log::store::excerpt found{.records = {}, .complete = is_whole, .whole = is_whole};
  auto batches = history_.batches();
  if (!which.oldest_first) std::reverse(batches.begin(), batches.end());
  std::size_t bytes = 0;
  bool is_enough = false;
  for (const auto& b : batches) {
    const std::size_t entries = b->entries.size();
    for (std::size_t n = 0; n < entries && !is_enough; ++n) {
      const std::size_t i = which.oldest_first ? n : entries - 1 - n;
      const log::entry& e = b->entries[i];
      if (e.notice || (e.binary && !which.binary) || b->seq_of(e) <= which.after || b->seq_of(e) >= which.before) continue;
      is_enough = found.records.size() == which.limit || bytes > which.max_bytes;
      if (is_enough) break;
      const auto m = b->message(i);
      found.records.push_back({.seq = m.seq, .sender = m.id, .name = std::string{m.name}, .text = std::string{m.text}, .binary = m.binary, .time = m.time});
      bytes += m.text.size() + json_overhead;
    }
  }
  if (is_enough) found.complete = false;
  if (!which.oldest_first) std::reverse(found.records.begin(), found.records.end());
  return found;
}

room::answer room::list_history(const std::optional<std::string>& ref, std::uint64_t before, std::size_t limit) {
  const auto found = excerpt({.before = before, .limit = limit, .max_bytes = enough_history, .binary = false});
  wire::json::history_writer list{ref};
  for (const log::record& r : found.records) list.add({.seq = r.seq, .id = r.sender, .room = {}, .name = r.name, .text = r.text, .time = r.time});
  return {list.finish(found.complete), log_.visible_end()};
}

void room::dismiss(branch& b, std::size_t most) {
  const std::uint64_t end = flush();
  when_visible([this, where = &b, most, end](error_code) {
    if (is_remote(*where)) where->here().post([where, most, end] { where->send_away(most, end); });
  });
}

// branches

bool room::is_remote(const branch& b) const noexcept {
  return std::any_of(remotes_.begin(), remotes_.end(), [&](const remote& each) { return each.where == &b; });
}

room::remote& room::of(branch& b) {
  return *std::find_if(remotes_.begin(), remotes_.end(), [&](const remote& each) { return each.where == &b; });
}

std::variant<beginning, missing> room::join(branch& b, reservation& place, const wish& w) {
  forget_until(home().now());
  if (const auto wanted = find_missing(w)) return *wanted;
  if (!is_remote(b)) remotes_.push_back({.where = &b, .shown_to = log_.visible_end()});
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
  const bool is_full_batch = log_.open_bytes() >= full_batch;
  const std::size_t allowed = is_full_batch ? 1 : 0;
  if (log_.is_storing() && !is_full_batch) return true;
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
  const std::size_t messages = history_.messages();
  change();
  home().rooms().recount(*this, before);
  home().count().remembered_messages += history_.messages() - messages;
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

bool room::is_in_use() const noexcept { return !places_.empty() || !has_shown(log_.end()) || is_listed() || !remotes_.empty(); }

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
