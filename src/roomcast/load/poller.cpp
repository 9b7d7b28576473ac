#include "roomcast/load/poller.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace roomcast::load {
namespace {

void control(int set, int operation, int fd, void* who, std::uint32_t events) {
  epoll_event e{};
  e.events = events;
  e.data.ptr = who;
  if (::epoll_ctl(set, operation, fd, &e) != 0) throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
}

}  // namespace

poller::poller() : set_(::epoll_create1(EPOLL_CLOEXEC)), events_(512) {
  if (set_ < 0) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
}

poller::~poller() { ::close(set_); }

void poller::add(int fd, void* who, std::uint32_t events) { control(set_, EPOLL_CTL_ADD, fd, who, events); }

void poller::change(int fd, void* who, std::uint32_t events) { control(set_, EPOLL_CTL_MOD, fd, who, events); }

std::span<const epoll_event> poller::wait(clock::time_point until) {
  const auto left = std::max(until - clock::now(), clock::duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
  const int n = ::epoll_pwait2(set_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
  if (n < 0 && errno != EINTR) throw std::system_error{errno, std::generic_category(), "epoll_pwait2"};
  return {events_.data(), static_cast<std::size_t>(std::max(n, 0))};
}

}  // namespace roomcast::load
