#include "roomcast/load/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace roomcast::load {
namespace {

constexpr std::uint32_t nobody = 0xffffffff;

// How many of `total` things, dealt out in turn, a room gets.
std::uint32_t share(std::uint32_t total, std::uint32_t rooms, std::uint32_t room) {
  return total / rooms + (room < total % rooms ? 1 : 0);
}

}  // namespace

plan::plan(const settings& s, std::uint32_t run) : settings_(s), run_(run), first_{0}, senders_(s.connections, nobody) {
  if (settings_.senders == 0) settings_.senders = settings_.rooms;
  if (settings_.idle) settings_.senders = 0;
  settings_.threads = std::min(s.threads, s.connections);
  for (std::uint32_t room = 0; room < s.rooms; ++room) {
    const std::uint64_t members = share(s.connections - s.stalled, s.rooms, room);
    const auto senders = share(settings_.senders, s.rooms, room);
    for (std::uint32_t place = 0; place < senders; ++place) {
      const auto member = static_cast<std::uint32_t>(place * members / senders);
      senders_[member * s.rooms + room] = this->senders();
      seats_.push_back({.room = room, .place = place});
    }
    first_.push_back(this->senders());
  }
}

std::optional<std::uint32_t> plan::sender_of(std::uint32_t connection) const noexcept {
  const auto sender = senders_[connection];
  return sender == nobody ? std::nullopt : std::optional{sender};
}

std::string plan::target(std::uint32_t room) const {
  const auto& target = settings_.where.target;
  if (settings_.rooms == 1) return target;
  const auto query = std::min(target.find('?'), target.size());
  auto path = target.substr(0, query);
  if (path.ends_with('/')) path.pop_back();
  return fmt::format("{}/load-{}{}", path, room, target.substr(query));
}

}  // namespace roomcast::load
