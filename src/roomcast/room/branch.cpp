#include "roomcast/room/branch.hpp"

#include "roomcast/room/call.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/room/room.hpp"

#include <exception>

namespace roomcast {

branch::branch(lane& here, room& whole) : share(here, whole.name()), home_(whole.home()), room_(whole) {}

task<> branch::join(member& m) {
  const visit keeps{*this};
  const auto ask = [this] { return room_.join(*this); };
  call joined{here(), home_, ask};
  const auto position = co_await joined;
  add(m, position);
}

parcel& branch::packing() {
  list();
  if (!packed_) packed_ = std::make_shared<parcel>(memory());
  return *packed_;
}

void branch::say(std::uint64_t sender, std::string_view name, payload what) {
  parcel& p = packing();
  p.bytes.resize(p.messages.empty() ? 0 : p.messages.back().text_end);  // memory may have run out half-way, the last time
  p.bytes += name;
  const std::size_t name_end = p.bytes.size();
  p.bytes += what.bytes;
  p.messages.push_back({.sender = sender, .name_end = name_end, .text_end = p.bytes.size(), .binary = what.binary});
  on_the_way_ += parcel::size_of(name, what);
  grew();
}

void branch::show(std::shared_ptr<const log::batch> next, std::size_t taken) {
  if (closed_) return;
  on_the_way_ -= taken;
  try {
    registry_.fan_out(registry_.make_link(std::move(next)));
  } catch (const std::exception&) {  // no memory: nobody here may miss it and go on
    for (member* m : members()) m->drop();
  }
  there_is_space();
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
  home_.post([this, &whole = room_] { whole.leave(*this); });
  if (!is_needed()) forget();
}

task<std::uint64_t> branch::leave(member& m, reservation& place) {
  try_flush();
  const auto ask = [this, &place] {
    const std::uint64_t end = room_.flush();
    room_.leave(*this);
    place.give_up();
    return end;
  };
  call left{here(), home_, ask};
  const std::uint64_t end = co_await left;
  share::remove(m);
  if (!is_needed()) forget();
  co_return end;
}

void branch::dismiss(std::size_t most, std::string_view close) {
  try_flush();
  home_.post([this, &whole = room_, most, close = std::string{close}] {
    here().post([this, most, close, flushed = whole.flush()] { share::dismiss(most, close, flushed); });
  });
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
