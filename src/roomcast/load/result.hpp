#pragma once

#include "roomcast/load/histogram.hpp"
#include "roomcast/load/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace roomcast::load {

/// What came of a load. Counts are of the whole run; rates, latencies and CPU time of the measured part only.
struct result {
  load::settings settings;
  double seconds = 0;  ///< measured
  bool interrupted = false;

  std::uint64_t handshakes = 0, rejoined = 0;
  double handshakes_per_s = 0;  ///< until all had tried to connect

  std::uint64_t messages = 0;    ///< sent
  std::uint64_t deliveries = 0;  ///< to all receivers
  std::uint64_t others = 0;      ///< received, but not of this load
  std::uint64_t measured_messages = 0, measured_deliveries = 0;
  distribution latency;

  std::uint64_t missing = 0, doubled = 0, out_of_order = 0, strays = 0;
  std::size_t order_checked = 0;    ///< receivers that had everything once, and each sender's messages in order
  std::size_t order_differs = 0;    ///< of those: with another order of all messages than most in their room
  std::uint64_t protocol_errors = 0, lost = 0, refused = 0;
  std::string first_failure;  ///< of a connection; empty where there was none

  double own_cpu_seconds = 0;
  struct server_usage {
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
    double bytes_per_connection = 0;
  };
  std::optional<server_usage> server;

  bool clean() const noexcept {
    return missing + doubled + out_of_order + strays + order_differs + protocol_errors + lost + refused == 0;
  }
};

}  // namespace roomcast::load
