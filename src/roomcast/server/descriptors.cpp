#include "roomcast/server/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace roomcast::server {

std::size_t connections_allowed(std::size_t lanes) noexcept {
  constexpr std::size_t kept = 56;
  constexpr std::size_t most = 1'000'000;
  const std::size_t taken = 8 * lanes;  // by the io_context of each, its poller and its listener
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_max = 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto all = static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, most + kept + taken));
  const std::size_t left = all - std::min(all, taken);
  return left > 2 * kept ? left - kept : std::max<std::size_t>(left / 2, 1);
}

}  // namespace roomcast::server
