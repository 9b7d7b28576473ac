#pragma once

#include "roomcast/room/counters.hpp"

#include <cstddef>
#include <string>

namespace roomcast::server {

/// The counters, and the bytes that are held for members of those that may be, as Prometheus' text.
std::string metrics(const counters& count, std::size_t memory_held, std::size_t memory_budget);

}  // namespace roomcast::server
