#include "roomcast/room/counters.hpp"

namespace roomcast {

counters& counters::operator+=(const counters& other) noexcept {
  sessions += other.sessions;
  members += other.members;
  rooms += other.rooms;
  joins += other.joins;
  leaves += other.leaves;
  refused += other.refused;
  messages_in += other.messages_in;
  bytes_in += other.bytes_in;
  batches += other.batches;
  sends += other.sends;
  bytes_out += other.bytes_out;
  slow_readers_closed += other.slow_readers_closed;
  slow_readers_skipped += other.slow_readers_skipped;
  unresponsive += other.unresponsive;
  protocol_closes += other.protocol_closes;
  return *this;
}

}  // namespace roomcast
