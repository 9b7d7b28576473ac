#pragma once

#include "roomcast/load/address.hpp"
#include "roomcast/load/result.hpp"
#include "roomcast/load/settings.hpp"

#include <vector>

namespace roomcast::load {

/// Makes the load, and returns what came of it. SIGINT and SIGTERM, which the calling thread blocks from here on, end it early;
/// a second one ends also the wait for what is under way. `live` shows a line of progress on stderr once a second. Throws
/// std::system_error where the machine does not give what is needed.
result run(const settings& s, const std::vector<address>& addresses, bool live);

}  // namespace roomcast::load
