#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include <sys/epoll.h>

namespace roomcast::load {

/// An epoll set, level-triggered. What is watched is known by a pointer of the caller's.
class poller {
 public:
  using clock = std::chrono::steady_clock;

  poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;
  ~poller();

  /// `events` are epoll's. A descriptor is no longer watched once it is closed.
  void add(int fd, void* who, std::uint32_t events);
  void change(int fd, void* who, std::uint32_t events);

  /// What has happened, at `until` at the latest; valid until the next call.
  std::span<const epoll_event> wait(clock::time_point until);

 private:
  int set_;
  std::vector<epoll_event> events_;
};

}  // namespace roomcast::load
