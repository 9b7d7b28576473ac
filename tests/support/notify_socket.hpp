#pragma once

#include "roomcast/connection/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace roomcast::test {

/// Listens as a service manager does, and is in the environment for as long as this lives.
class notify_socket {
 public:
  /// `where` is a path, or, after an @, a name in the abstract namespace.
  explicit notify_socket(std::string where) : where_(std::move(where)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    where_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (where_.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where_.size());
    if (::bind(socket_.number(), reinterpret_cast<const sockaddr*>(&address), size) != 0) throw std::runtime_error(std::strerror(errno));
    ::setenv("NOTIFY_SOCKET", where_.c_str(), 1);
  }
  notify_socket(const notify_socket&) = delete;
  notify_socket& operator=(const notify_socket&) = delete;
  ~notify_socket() {
    for (const auto* const each : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(each);
    if (where_.front() == '/') ::unlink(where_.c_str());
  }

  static void set_watchdog(const std::string& microseconds, const std::string& process = {}) {
    ::setenv("WATCHDOG_USEC", microseconds.c_str(), 1);
    if (!process.empty()) ::setenv("WATCHDOG_PID", process.c_str(), 1);
  }

  /// What is told next; empty where nothing is within `patience`.
  std::string next(std::chrono::milliseconds patience = std::chrono::seconds{20}) const {
    pollfd ready{.fd = socket_.number(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1) return {};
    std::string told(256, '\0');
    const auto size = ::recv(socket_.number(), told.data(), told.size(), 0);
    told.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return told;
  }

 private:
  const std::string where_;
  const descriptor socket_;
};

}  // namespace roomcast::test
