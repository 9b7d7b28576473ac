#include "roomcast/room/room.hpp"

#include "roomcast/room/lane.hpp"

#include <exception>

namespace roomcast {

room::room(lane& home, std::string_view name) : home_(home), name_(name), log_(home.shared().format, home.shared().memory), registry_(home.shared().memory) {}

std::uint64_t room::order(std::uint64_t sender, std::string_view name, payload what) {
  if (!listed_) {
    home_.has_unsealed(*this);
    listed_ = true;
    turns_ = 0;
  }
  wire::message m{.seq = 0, .room = name_, .name = name, .text = what.bytes, .binary = what.binary, .time = {}};
  if (home_.shared().format.shows_time()) m.time = std::chrono::system_clock::now();
  const std::uint64_t seq = log_.append(m, sender);
  grew_ = true;
  return seq;
}

std::pmr::memory_resource* room::memory() const noexcept { return &home_.shared().memory; }

bool room::wants_another_turn() noexcept {
  const bool growing = std::exchange(grew_, false);
  return growing && log_.open_bytes() < full_batch && ++turns_ < max_turns;
}

void room::flush() {
  log_.seal();
  while (const auto next = log_.next_to_show()) {
    const auto newest = registry_.make_link(next);  // what can fail, before it is visible
    log_.show();
    ++home_.count().batches;
    registry_.fan_out(newest);
  }
  if (space_) space_->cancel();
}

bool room::try_flush() noexcept {
  try {
    flush();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void room::dismiss(member& m, std::string_view close) {
  flush();
  m.dismiss(close, log_.visible_end());
}

void room::unlist() {
  listed_ = false;
  if (!is_needed()) home_.rooms().forget(*this);
}

void room::wait_for_space(suspended sender) {
  if (!space_) space_.emplace(home_.executor(), event::time_point::max());
  space_->async_wait([this, sender = std::move(sender)](error_code) mutable {
    if (is_full())
      wait_for_space(std::move(sender));
    else
      sender.resume();
  });
}

void room::give_up_name(const std::string& name) {
  names_.erase(names_.find(name));
  if (!is_needed()) home_.rooms().forget(*this);
}

void room::add(member& m) {
  registry_.add(m);
  m.joined(log_.end());
  ++home_.count().members;
  ++home_.count().joins;
}

void room::remove(member& m) noexcept {
  registry_.remove(m);
  --home_.count().members;
  ++home_.count().leaves;
}

task<membership> membership::join(reservation place, member& m) {
  place.where().add(m);
  co_return membership{std::move(place), m};
}

}  // namespace roomcast
