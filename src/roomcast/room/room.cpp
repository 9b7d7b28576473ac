#include "roomcast/room/room.hpp"

#include "roomcast/room/branch.hpp"
#include "roomcast/room/lane.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace roomcast {

room::room(lane& home, std::string_view name) : share(home, name), log_(home.shared().format, home.shared().memory) {}

std::size_t room::size() const noexcept {
  std::size_t all = members().size();
  for (const remote& each : remotes_) all += each.members;
  return all;
}

std::uint64_t room::order(std::uint64_t sender, std::string_view name, payload what) {
  if (!held_) list();
  wire::message m{.seq = 0, .room = this->name(), .name = name, .text = what.bytes, .binary = what.binary, .time = {}};
  if (home().shared().format.shows_time()) m.time = std::chrono::system_clock::now();
  const std::uint64_t seq = log_.append(m, sender);
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

task<std::uint64_t> room::leave(member& m, reservation&) {
  const std::uint64_t end = flush();
  remove(m);
  co_return end;
}

void room::dismiss(std::size_t most, std::string_view close) { share::dismiss(most, close, flush()); }

// branches

room::remote& room::of(branch& b) {
  return *std::find_if(remotes_.begin(), remotes_.end(), [&](const remote& each) { return each.where == &b; });
}

std::uint64_t room::join(branch& b) {
  if (std::none_of(remotes_.begin(), remotes_.end(), [&](const remote& each) { return each.where == &b; }))
    remotes_.push_back({.where = &b, .shown_to = log_.visible_end()});
  ++of(b).members;
  return log_.end();
}

void room::leave(branch& b) noexcept { --of(b).members; }

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
  p.for_each([&](std::uint64_t sender, std::string_view name, payload what) {
    from.taken += parcel::size_of(name, what);
    try {
      order(sender, name, what);
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

// its life

bool room::is_needed() const noexcept { return !names_.empty() || log_.hidden_bytes() != 0 || is_listed() || !remotes_.empty(); }

void room::forget() { home().rooms().forget(*this); }

void room::give_up_name(const std::string& name) {
  names_.erase(names_.find(name));
  if (!is_needed()) forget();
}

}  // namespace roomcast
