#include "roomcast/server/service_manager.hpp"

#include "roomcast/server/quantity.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace roomcast::server {
namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

// sd_watchdog_enabled(3)
std::optional<std::chrono::microseconds> watchdog_interval() {
  const auto limit = parse_count(variable("WATCHDOG_USEC"));
  const auto whose = variable("WATCHDOG_PID");
  const bool is_ours = whose.empty() || whose == std::to_string(::getpid());
  if (!limit || *limit < 2 || !is_ours) return {};
  return std::chrono::microseconds{*limit / 2};
}

// A path, or, after an @, a name in the abstract namespace.
bool is_address(std::string_view text) noexcept {
  return text.size() > 1 && (text.front() == '/' || text.front() == '@') && text.size() < sizeof sockaddr_un::sun_path;
}

}  // namespace

service_manager::service_manager() : socket_(is_address(variable("NOTIFY_SOCKET")) ? ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1) {
  if (!socket_) return;
  const auto where = variable("NOTIFY_SOCKET");
  address_.sun_family = AF_UNIX;
  std::copy(where.begin(), where.end(), address_.sun_path);
  if (where.front() == '@') address_.sun_path[0] = '\0';
  size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.size());  // an abstract name has no null at its end
  watchdog_ = watchdog_interval();
}

void service_manager::tell(std::string_view state) const noexcept {
  if (socket_) ::sendto(socket_.number(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address_), size_);
}

}  // namespace roomcast::server
