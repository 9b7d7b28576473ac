#pragma once

#include "roomcast/client/url.hpp"
#include "roomcast/load/marker.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/types.h>

namespace roomcast::load {

/// What load to make.
struct settings {
  client::url where;
  std::uint32_t connections = 100;
  std::uint32_t rooms = 1;    ///< more than one: `where`'s path and `/load-0`, `/load-1`, …
  std::uint32_t senders = 0;  ///< 0 for one a room
  std::size_t bytes = 64;     ///< of each message's text

  /// Whether the connections ask for the subprotocol roomcast.v1, and send their texts in its JSON.
  bool json_members = false;

  /// Closed loop: how many messages of a sender are under way. Not used where there is a rate.
  std::uint32_t window = 1;

  /// Open loop: messages a second of all senders together; 0 for the closed loop.
  double rate = 0;

  std::chrono::milliseconds warmup = std::chrono::seconds{1};     ///< before what is measured
  std::chrono::milliseconds duration = std::chrono::seconds{10};  ///< of what is measured
  std::chrono::milliseconds drain = std::chrono::seconds{5};      ///< the most that is waited for what is under way at the end

  bool idle = false;          ///< connections are only held
  std::uint32_t stalled = 0;  ///< the last ones, which never read
  double churn = 0;           ///< connections a second that leave and come back
  std::uint32_t threads = 1;
  pid_t server = 0;  ///< whose use of the machine is reported; 0 for nobody's
};

/// Why there can be no such load, in a sentence that names the option; empty where there can.
std::string fault_of(const settings& s);

}  // namespace roomcast::load
