#pragma once

#include "roomcast/room/lane_executor.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include <sys/epoll.h>

namespace roomcast {

class lane;

/// Tells when a lane's descriptors are ready. They are in one epoll set, of which the executor sees a single descriptor: a
/// wait is no operation of the executor's and allocates nothing, and one that follows upon another costs no system call.
/// Lane only.
class poller {
 public:
  /// One descriptor's place in the set. The descriptor is open for as long as it has one.
  class entry : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

   protected:
    entry(poller& p, int descriptor) noexcept : poller_(p), descriptor_(descriptor) {}
    ~entry() { leave(); }  // and any list

    /// `events`, EPOLLIN or EPOLLOUT, are waited for: `on_ready` is called once for each, later. False where the kernel does
    /// not watch the descriptor, as where a user's watches are limited: then all waits are aborted.
    bool want(std::uint32_t events);

    /// Nothing is waited for any more; if something was, `on_aborted` is called, later.
    void abort() noexcept;

    /// Gives the place up, before the descriptor is closed.
    void leave() noexcept;

   private:
    friend class poller;

    /// What is waited for has come, and is no longer waited for.
    virtual void on_ready(std::uint32_t events) = 0;

    virtual void on_aborted() = 0;

    /// The executor's context ends, and all waits with it.
    virtual void on_abandoned() noexcept = 0;

    void tell(std::uint32_t events);

    poller& poller_;
    const int descriptor_;
    std::uint32_t wanted_ = 0;
    std::uint32_t armed_ = 0;  // what the kernel looks for; 0 where the descriptor is not in the set
  };

  explicit poller(lane& home);
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

 private:
  class wait_guard;

  static constexpr std::size_t events_at_a_time = 256;

  bool arm(entry& e, std::uint32_t events) noexcept;
  void call();
  void wait();
  void dispatch();
  void abandon() noexcept;

  lane& lane_;
  asio::posix::basic_stream_descriptor<lane_executor> set_;
  using entries = boost::intrusive::list<entry, boost::intrusive::constant_time_size<false>>;
  entries waiting_;
  entries aborted_;
  std::array<epoll_event, events_at_a_time> events_;
  std::size_t next_ = 0;     // of `events_`, to be told
  std::size_t fetched_ = 0;  // how many there are
  bool asked_ = false;       // the executor has been asked to wait for the set
  bool telling_ = false;
};

}  // namespace roomcast
