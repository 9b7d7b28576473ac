#include "roomcast/room/poller.hpp"

#include "roomcast/room/lane.hpp"

#include <boost/system/system_error.hpp>

#include <cerrno>
#include <memory>
#include <utility>

namespace roomcast {
namespace {

constexpr std::uint32_t failures = EPOLLERR | EPOLLHUP;

int new_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
  return set;
}

}  // namespace

/// Rides in the executor's wait: where that is destroyed, nothing will ever be ready.
class poller::wait_guard {
 public:
  explicit wait_guard(poller& p) : poller_(&p), alive_(p.lane_.shared_from_this()) {}
  wait_guard(wait_guard&& other) noexcept : poller_(std::exchange(other.poller_, nullptr)), alive_(std::move(other.alive_)) {}
  wait_guard& operator=(wait_guard&&) = delete;
  ~wait_guard() {
    if (poller_) poller_->abandon();
  }

  void over() {
    poller& p = *std::exchange(poller_, nullptr);
    p.asked_ = false;
    p.dispatch();
  }

 private:
  poller* poller_;
  std::shared_ptr<lane> alive_;
};

poller::poller(lane& home) : lane_(home), set_(home.executor(), new_set()) {}

void poller::wait() {
  asked_ = true;
  set_.async_wait(decltype(set_)::wait_read, [guard = wait_guard{*this}](error_code) mutable { guard.over(); });
}

void poller::dispatch() {
  telling_ = true;
  const int ready = ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  fetched_ = ready > 0 ? static_cast<std::size_t>(ready) : 0;
  for (next_ = 0; next_ < fetched_;) {
    const epoll_event event = events_[next_++];
    if (auto* const e = static_cast<entry*>(event.data.ptr)) e->tell(event.events);
  }
  while (!aborted_.empty()) {
    entry& e = aborted_.front();
    aborted_.pop_front();
    e.on_aborted();
  }
  telling_ = false;
  if (!waiting_.empty()) wait();
}

void poller::abandon() noexcept {
  asked_ = false;
  for (entries* each : {&aborted_, &waiting_}) {
    while (!each->empty()) {
      entry& e = each->front();
      each->pop_front();
      e.on_abandoned();
    }
  }
}

bool poller::arm(entry& e, std::uint32_t events) noexcept {
  if (e.armed_ == events) return true;
  epoll_event event{.events = events, .data = {.ptr = &e}};
  const int operation = events == 0 ? EPOLL_CTL_DEL : e.armed_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(set_.native_handle(), operation, e.descriptor_, &event) != 0) return false;
  e.armed_ = events;
  return true;
}

// Each who waits is told by `dispatch`, which runs now, or when the executor's wait ends.
void poller::call() {
  if (!asked_ && !telling_) wait();
}

bool poller::entry::want(std::uint32_t events) {
  const bool watched = poller_.arm(*this, armed_ | events);
  poller_.call();
  wanted_ |= events;
  if (!is_linked()) poller_.waiting_.push_back(*this);
  if (!watched) abort();
  return watched;
}

void poller::entry::abort() noexcept {
  if (wanted_ == 0) return;
  wanted_ = 0;
  unlink();
  poller_.aborted_.push_back(*this);
  error_code ignored;
  if (poller_.asked_) poller_.set_.cancel(ignored);
}

void poller::entry::leave() noexcept {
  if (armed_ == 0) return;
  poller_.arm(*this, 0);
  for (std::size_t i = poller_.next_; i < poller_.fetched_; ++i)
    if (poller_.events_[i].data.ptr == this) poller_.events_[i].data.ptr = nullptr;
}

void poller::entry::tell(std::uint32_t events) {
  const std::uint32_t ready = (events & failures) != 0 ? wanted_ : events & wanted_;
  if (ready == 0) {  // nobody waits for it any more
    poller_.arm(*this, (events & failures) != 0 ? 0 : wanted_);
    return;
  }
  wanted_ &= ~ready;
  if (wanted_ == 0) unlink();
  on_ready(ready);
}

}  // namespace roomcast
