#include "roomcast/load/settings.hpp"

#include <fmt/format.h>

namespace roomcast::load {

std::string fault_of(const settings& s) {
  constexpr std::uint64_t most_pairs = std::uint64_t{1} << 30;  // four bytes each
  const auto readers = s.connections - s.stalled;
  if (s.stalled >= s.connections) return fmt::format("--stalled: of {} connections, one has to read", s.connections);
  if (s.rooms > readers) return fmt::format("--rooms: {} are more than the {} connections that read", s.rooms, readers);
  if (s.senders > readers) return fmt::format("--senders: {} are more than the {} connections that read", s.senders, readers);
  if (s.bytes < marker::size) return fmt::format("--bytes: {} are too few, a message has at least {}", s.bytes, marker::size);
  const auto senders = s.idle ? 0 : s.senders != 0 ? s.senders : s.rooms;
  if (s.churn > 0 && senders >= readers) return "--churn: there is nobody to come and go, as senders stay";
  if (std::uint64_t{senders} * readers / s.rooms > most_pairs)
    return fmt::format("--senders: {} of them to {} connections are more pairs than can be checked", senders, readers);
  return {};
}

}  // namespace roomcast::load
