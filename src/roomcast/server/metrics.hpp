#pragma once

#include "roomcast/room/counters.hpp"
#include "roomcast/server/process.hpp"

#include <cstddef>
#include <string>

namespace roomcast::server {

/// Everything that is measured, as Prometheus' text (version 0.0.4). `memory_held` and `memory_budget` are bytes.
std::string metrics(const counters& count, std::size_t memory_held, std::size_t memory_budget, const process_usage& process);

}  // namespace roomcast::server
