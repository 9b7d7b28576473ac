#include "roomcast/room/branch.hpp"

#include "roomcast/room/call.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/room/room.hpp"

#include <exception>
#include <utility>
#include <variant>

namespace roomcast {

branch::branch(lane& here, room& whole) : share(here, whole.name()), home_(whole.home()), room_(whole) {}

task<std::variant<beginning, missing>> branch::join(member& m, reservation& place, const wish& w) {
  const visit keeps{*this};
  const auto ask = [this, &place, &w] { return room_.join(*this, place, w); };
  call joined{here(), home_, ask};
  auto answer = co_await joined;
  if (const auto* const b = std::get_if<beginning>(&answer)) add(m, *b);
  co_return std::move(answer);
}

parcel& branch::packing() {
  list();
  if (!packed_) packed_ = std::make_shared<parcel>(memory());
  return *packed_;
}

void branch::say(const speaker& who, payload what) {
  parcel& p = packing();
  p.bytes.resize(p.messages.empty() ? 0 : p.messages.back().text_end);  // memory may have run out half-way, the last time
  p.bytes += who.name;
  const std::size_t name_end = p.bytes.size();
  p.bytes += what.bytes;
  p.messages.push_back({.number = who.number, .id = who.id, .name_end = name_end, .text_end = p.bytes.size(), .binary = what.binary, .echo = what.echo});
  on_the_way_ += parcel::size_of(who, what);
  grew();
}

void branch::show(std::shared_ptr<const log::batch> next, std::size_t taken) {
  if (closed_) return;
  on_the_way_ -= taken;
  shown_to_ = next->end();
  try {
    fan_out(registry_.make_link(std::move(next)));
  } catch (const std::exception&) {  // no memory: nobody here may miss it and go on
    for (member* m : members()) m->drop();
  }
  has_progressed();
  ++shown_;
  try {
    packing();
  } catch (const std::exception&) {  // no memory: the next parcel tells it
  }
}

bool branch::try_flush() noexcept {
  if (!packed_) return true;
  packed_->shown = shown_;
  try {
    home_.post([this, &whole = room_, p = packed_] { whole.take(*this, *p); });
  } catch (const std::exception&) {
    return false;
  }
  packed_.reset();
  shown_ = 0;
  return true;
}

void branch::remove(member& m) noexcept {
  share::remove(m);
  try_flush();  // what it has said
  home_.post([this, &whole = room_, form = m.form()] { whole.leave(*this, form); });
  if (!is_needed()) forget();
}

task<std::uint64_t> branch::leave(member& m, reservation& place) {
  try_flush();
  const auto part = [this, &place, form = m.form()] {
    room_.leave(*this, form);
    place.give_up();
  };
  const auto ask = [this, part] {
    const std::uint64_t end = room_.flush();
    const bool is_visible = room_.has_shown(end);
    if (is_visible) part();
    return std::pair{end, is_visible};
  };
  call left{here(), home_, ask};
  const std::pair<std::uint64_t, bool> flushed = co_await left;
  if (!flushed.second) {
    co_await shown_until(flushed.first);
    const auto then = [part] { return part(), true; };
    call parted{here(), home_, then};
    co_await parted;
  }
  share::remove(m);
  if (!is_needed()) forget();
  co_return flushed.first;
}

void branch::dismiss(std::size_t most) {
  try_flush();
  home_.post([this, &whole = room_, most] { whole.dismiss(*this, most); });
}

// It comes back to be destroyed, after everything that the room has sent to it.
void branch::forget() {
  auto gone = here().rooms().forget(*this);
  closed_ = true;
  home_.post([&whole = room_, gone = std::move(gone)]() mutable {
    whole.cut_off(*gone);
    lane& there = gone->here();
    there.post([gone = std::move(gone)] {});
  });
}

}  // namespace roomcast
