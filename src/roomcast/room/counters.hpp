#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace roomcast {

/// What a lane has done and holds. Each lane writes its own; `chat::count` adds them up.
struct counters {
  // held now
  std::uint64_t connections = 0;  ///< of the command's server, whatever they are for
  std::uint64_t sessions = 0;  ///< connections that are members, about to be, or leaving
  std::uint64_t members = 0;
  std::uint64_t rooms = 0;

  // done
  std::uint64_t joins = 0;
  std::uint64_t leaves = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t batches = 0;
  std::uint64_t sends = 0;  ///< calls that gave bytes to a transport
  std::uint64_t bytes_out = 0;

  std::uint64_t resumed = 0;      ///< members that came back and were sent all that they had missed
  std::uint64_t not_resumed = 0;  ///< members that came back and could not be

  // where messages are stored
  std::uint64_t stored = 0;            ///< messages
  std::uint64_t not_stored = 0;        ///< messages that could not be: their senders were told
  std::uint64_t refused_messages = 0;  ///< as more waited to be stored than should

  // connections that were not let in
  std::uint64_t refused_handshakes = 0;  ///< upgrade requests answered with another status than 101, for whatever reason
  std::uint64_t refused_origins = 0;  ///< of those: 403
  std::uint64_t refused_names = 0;  ///< of those: 409
  std::uint64_t refused_rooms = 0;  ///< of those: for `max_rooms`
  std::uint64_t refused_members = 0;  ///< of those: for `max_members`
  std::uint64_t refused_handshake_rate = 0;  ///< of those: for `handshake_rate`
  std::uint64_t refused_memory = 0;  ///< of those: for `memory_budget`
  std::uint64_t refused_requests = 0;  ///< HTTP requests that were malformed or too long
  std::uint64_t refused_connections = 0;  ///< of the command's server: over its limit
  std::uint64_t refused_per_ip = 0;  ///< of the command's server: over the limit of one address
  std::uint64_t accept_pauses = 0;  ///< for want of descriptors or memory

  // connections that were ended for what they sent
  std::uint64_t closed_protocol = 0;  ///< 1002
  std::uint64_t closed_binary = 0;  ///< 1003
  std::uint64_t closed_invalid_text = 0;  ///< 1007
  std::uint64_t closed_too_large = 0;  ///< 1009
  std::uint64_t closed_fragments = 0;  ///< 1008, for `max_fragments`
  std::uint64_t closed_control_rate = 0;  ///< 1008, for `max_control_rate`
  std::uint64_t closed_rate = 0;  ///< 1008, for `rate`
  std::uint64_t held_back = 0;  ///< times that reading from a member was held back, for `rate`

  // connections that were ended for want of progress
  std::uint64_t request_timeouts = 0;  ///< of the command's server: `--handshake-timeout`
  std::uint64_t message_timeouts = 0;
  std::uint64_t pong_timeouts = 0;
  std::uint64_t send_timeouts = 0;
  std::uint64_t close_timeouts = 0;
  std::uint64_t slow_readers_closed = 0;
  std::uint64_t slow_readers_skipped = 0;
  std::uint64_t shed = 0;  ///< let go of for `memory_budget`

  counters& operator+=(const counters& other) noexcept;
};

/// A counter by its name.
struct counter_field {
  std::string_view name;
  std::uint64_t counters::*value;
  bool gauge = false;  ///< what is held now, rather than what was done
};

/// All of them, in the order of their declaration.
extern const std::array<counter_field, 43> counter_fields;

}  // namespace roomcast
