#pragma once

#include <cstddef>

namespace roomcast::server {

/// Raises the limit of descriptors to the hard one, and tells how many connections it leaves: a few are for logs,
/// refusing those beyond, and each of `lanes`.
std::size_t connections_allowed(std::size_t lanes) noexcept;

}  // namespace roomcast::server
