#pragma once

#include "roomcast/room/histogram.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roomcast {

/// How many connections of members ended with which code.
struct close_counts {
  /// Those that are counted each for itself.
  static constexpr std::array<std::uint16_t, 14> codes{1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1012, 1013, 4001, 4002, 4008};

  std::array<std::uint64_t, codes.size() + 1> counts{};  ///< the last is of all other codes

  void add(std::uint16_t code) noexcept {
    std::size_t i = 0;
    while (i < codes.size() && code != codes[i]) ++i;
    ++counts[i];
  }

  close_counts& operator+=(const close_counts& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    return *this;
  }
};

/// The ranges that the histograms of `counters` count in.
namespace ranges {
inline constexpr std::array<std::uint64_t, 11> messages{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000};
inline constexpr std::array<std::uint64_t, 8> bytes{1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18, 1u << 20, 1u << 22, 1u << 24};
inline constexpr std::array<std::uint64_t, 14> nanoseconds{2'000,     5'000,     10'000,    20'000,     50'000,     100'000,    200'000,
                                                           500'000,   1'000'000, 2'000'000, 5'000'000, 10'000'000, 50'000'000, 200'000'000};
}  // namespace ranges

/// What a lane has done and holds. Each lane writes its own; `chat::count` adds them up.
struct counters {
  // held now
  std::uint64_t connections = 0;  ///< of the command's server, whatever they are for
  std::uint64_t sessions = 0;  ///< connections that are members, about to be, or leaving
  std::uint64_t members = 0;
  std::uint64_t rooms = 0;
  std::uint64_t remembered_messages = 0;  ///< by rooms, of what was said
  std::uint64_t remembered_bytes = 0;

  // done
  std::uint64_t joins = 0;
  std::uint64_t leaves = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t batches = 0;
  std::uint64_t deliveries = 0;    ///< batches shown to members, each as often as there are members
  std::uint64_t messages_out = 0;  ///< the messages in them, counted in the same way
  std::uint64_t sends = 0;  ///< calls that gave bytes to a transport
  std::uint64_t bytes_out = 0;

  std::uint64_t resumed = 0;      ///< members that came back and were sent all that they had missed
  std::uint64_t not_resumed = 0;  ///< members that came back and could not be

  // where messages are stored
  std::uint64_t stored = 0;            ///< messages
  std::uint64_t not_stored = 0;        ///< messages that could not be: their senders were told
  std::uint64_t refused_messages = 0;  ///< as more waited to be stored than should

  // connections that were not let in
  std::uint64_t refused_handshakes = 0;  ///< upgrade requests that were wrong in themselves: 400, 404, 405, 426
  std::uint64_t refused_origins = 0;  ///< 403
  std::uint64_t refused_names = 0;  ///< 409
  std::uint64_t refused_rooms = 0;  ///< for `max_rooms`
  std::uint64_t refused_members = 0;  ///< for `max_members`
  std::uint64_t refused_handshake_rate = 0;  ///< for `handshake_rate`
  std::uint64_t refused_memory = 0;  ///< for `memory_budget`
  std::uint64_t refused_stopping = 0;  ///< as the server stopped
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

  close_counts closes;

  histogram<ranges::messages> batch_messages;  ///< messages of a batch
  histogram<ranges::bytes> lag;  ///< of a member that had not taken all that was sent, when the next batch came; as `max_lag` counts
  histogram<ranges::nanoseconds> fan_out;  ///< how long it took to show a batch to a lane's members; of one batch in `fan_out_sample`

  static constexpr std::uint64_t fan_out_sample = 64;

  counters& operator+=(const counters& other) noexcept;
};

/// One of the plain numbers among the counters, as Prometheus should know it.
struct counter_field {
  std::string_view name;  ///< those of the same name stand together, and differ in their label
  std::uint64_t counters::*value;
  std::string_view help;  ///< of the first of a name
  std::string_view label = {};
  bool gauge = false;  ///< what is held now, rather than what was done
};

/// All of them.
extern const std::array<counter_field, 48> counter_fields;

}  // namespace roomcast
