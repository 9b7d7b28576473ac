#include "roomcast/server/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace roomcast::server {

std::size_t connections_allowed(std::size_t lanes) noexcept {
  constexpr std::size_t each_lane = 8;  // its io_context's, its poller's, its listener's
  const std::size_t kept = 56 + each_lane * lanes;
  constexpr std::size_t most = 1'000'000;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024 - kept;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto descriptors = static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, most + kept));
  return descriptors > 2 * kept ? descriptors - kept : std::max<std::size_t>(descriptors / 2, 1);
}

}  // namespace roomcast::server
