#include "roomcast/room/share.hpp"

#include "roomcast/room/lane.hpp"

namespace roomcast {

share::share(lane& here, std::string_view name) : registry_(here.shared().memory), lane_(here), name_(name) {}

std::pmr::memory_resource* share::memory() const noexcept { return &lane_.shared().memory; }

void share::list() {
  if (listed_) return;
  lane_.wants_turns(*this);
  listed_ = true;
  turns_ = 0;
}

void share::unlist() {
  listed_ = false;
  if (!is_needed()) forget();
}

bool share::wants_another_turn() noexcept {
  const bool growing = std::exchange(grew_, false);
  return growing && waiting() < full_batch && ++turns_ < max_turns;
}

share::event& share::progress() {
  if (!progress_) progress_.emplace(lane_.executor(), event::time_point::max());
  return *progress_;
}

void share::wait_for_space(suspended sender) {
  progress().async_wait([this, sender = std::move(sender)](error_code) mutable {
    if (is_full())
      wait_for_space(std::move(sender));
    else
      sender.resume();
  });
}

void share::wait_until_shown(std::uint64_t position, suspended who) {
  progress().async_wait([this, position, who = std::move(who)](error_code) mutable {
    if (has_shown(position))
      who.resume();
    else
      wait_until_shown(position, std::move(who));
  });
}

void share::has_progressed() noexcept {
  if (progress_) progress_->cancel();
}

void share::fan_out(const std::shared_ptr<log::link>& newest) noexcept {
  counters& count = lane_.count();
  const std::size_t size = members().size();
  count.deliveries += size;
  count.messages_out += newest->batch->messages * size;
  if (!lane_.is_fan_out_timed()) return registry_.fan_out(newest);
  const auto begin = std::chrono::steady_clock::now();
  registry_.fan_out(newest);
  const auto took = std::chrono::nanoseconds{std::chrono::steady_clock::now() - begin};
  count.fan_out.record(static_cast<std::uint64_t>(took.count()));
}

void share::add(member& m, const beginning& b) {
  auto c = m.cursor_at(b);
  registry_.replay(b.replay, c);
  m.joined(std::move(c));
  registry_.add(m);
  ++lane_.count().members;
  ++lane_.count().joins;
}

void share::remove(member& m) noexcept {
  registry_.remove(m);
  --lane_.count().members;
  ++lane_.count().leaves;
}

void share::dismiss(std::size_t most, std::uint64_t flush_to) {
  for (std::size_t i = 0; i < most && i < members().size(); ++i) members()[i]->send_away(flush_to);
}

}  // namespace roomcast
