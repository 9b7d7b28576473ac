#include "roomcast/load/chorus.hpp"

#include <utility>

namespace roomcast::load {

using state = connection::state;

void chorus::add(connection& c, std::uint32_t sender) {
  c.voice.emplace(sender, plan_.run(), plan_.options().bytes, plan_.options().json_members);
  senders_.push_back(&c);
}

chorus::time_point chorus::speak(time_point now) {
  if (senders_.empty()) return time_point::max();
  if (now < stage_.begin) return stage_.begin;
  if (plan_.options().rate > 0) return speak_at_rate(now);
  if (!std::exchange(begun_, true))
    for (auto* c : senders_)
      if (c->now == state::open) say(*c, plan_.options().window, now);
  return time_point::max();
}

chorus::time_point chorus::speak_at_rate(time_point now) {
  if (!pace_) {
    std::vector<std::uint32_t> own;
    for (const auto* c : senders_) own.push_back(c->voice->sender());
    pace_.emplace(std::move(own), plan_.senders(), plan_.options().rate, stage_.begin);
  }
  for (; pace_->due() <= now && pace_->due() < stage_.until; pace_->advance()) {
    auto& c = *senders_[pace_->turn()];
    if (c.now != state::open) continue;
    if (c.out().empty()) touched_.push_back(&c);
    c.voice->speak(c.out(), static_cast<std::uint32_t>(stage_.microseconds(pace_->due())));
    counted_.messages.add();
  }
  for (auto* c : touched_) c->flush();
  touched_.clear();
  return pace_->due();
}

void chorus::came_back(connection& c, std::uint32_t messages, time_point now) {
  if (begun_ && !stopped_) say(c, messages, now);
}

void chorus::stop() {
  if (std::exchange(stopped_, true)) return;
  // Of one that was lost, nobody knows how much has reached the server.
  for (const auto* c : senders_) stage_.sent[c->voice->sender()] = c->now == state::open ? c->voice->spoken() : 0;
  ++stage_.stopped;
}

void chorus::say(connection& c, std::uint32_t messages, time_point now) {
  const auto time = static_cast<std::uint32_t>(stage_.microseconds(now));
  for (std::uint32_t i = 0; i < messages; ++i) c.voice->speak(c.out(), time);
  counted_.messages.add(messages);
  c.flush();
}

}  // namespace roomcast::load
