#pragma once

#include "roomcast/connection/descriptor.hpp"

#include <chrono>
#include <optional>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

namespace roomcast::server {

/// Who has started this process, where that is a service manager that wants to be told its state: sd_notify(3), over the socket
/// that the environment names.
class service_manager {
 public:
  service_manager();

  /// One or more lines: `READY=1`. Nothing where there is no such manager, or it does not listen. Any thread.
  void tell(std::string_view state) const noexcept;

  /// How often it wants a sign of life, which is half of what it waits for one; nothing where it wants none.
  std::optional<std::chrono::microseconds> watchdog() const noexcept { return watchdog_; }

 private:
  const descriptor socket_;  // kept open: a sign of life must not fail for want of a descriptor
  sockaddr_un address_{};
  socklen_t size_ = 0;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace roomcast::server
