#pragma once

#include <cstddef>

namespace roomcast::server {

/// Raises the limit of descriptors to the hard one, and tells how many connections it leaves: a few are for listening,
/// logs, and refusing those beyond.
std::size_t connections_allowed() noexcept;

}  // namespace roomcast::server
