#include "roomcast/room/presence.hpp"

#include "roomcast/room/lane.hpp"
#include "roomcast/room/room.hpp"
#include "roomcast/wire/json_protocol.hpp"

#include <exception>

namespace roomcast {

void presence::changes(int by, std::uint64_t id, std::string_view name) noexcept try {
  const std::size_t limit = room_.home().config().presence_limit;
  const bool many = count_ > limit;
  count_ = by > 0 ? count_ + 1 : count_ - 1;
  if (many || count_ > limit) {
    changed_ = true;
    if (!is_due_) tell_count(room_.home().now());
  } else {
    room_.notify([&](std::pmr::string& out) { by > 0 ? wire::json::append_join(out, id, name) : wire::json::append_leave(out, id, name); });
  }
} catch (const std::exception&) {  // no memory: it is not told
}

void presence::tell_count(timer_wheel::time_point now) {
  changed_ = false;
  room_.notify([this](std::pmr::string& out) { wire::json::append_presence(out, count_); });
  room_.home().set_deadline(*this, now + interval);
  is_due_ = true;
}

void presence::on_deadline(timer_wheel::time_point now) {
  is_due_ = false;
  if (changed_) tell_count(now);
}

}  // namespace roomcast
