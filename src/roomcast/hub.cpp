#include "roomcast/hub.hpp"

#include "roomcast/connection/session.hpp"
#include "roomcast/drain.hpp"
#include "roomcast/room/publication.hpp"
#include "roomcast/room/share.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <atomic>
#include <utility>

namespace roomcast {
namespace {

std::string what(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception of an unknown kind";
  }
}

std::vector<std::shared_ptr<lane>> make_lanes(const std::vector<asio::any_io_executor>& executors, std::shared_ptr<common> shared,
                                              lane_threading threading, const time_source& clock) {
  std::vector<std::shared_ptr<lane>> lanes;
  for (const auto& ex : executors) {
    lanes.push_back(std::make_shared<lane>(shared, ex, threading, clock));
    shared->lanes.push_back(lanes.back().get());
  }
  return lanes;
}

// A lane's; kept until the lane ends, as a drain is called by the wheel while it says that it is done.
class drains : public std::vector<std::unique_ptr<drain>> {
 public:
  explicit drains(const lane&) {}
};

}  // namespace

hub::hub(const std::vector<asio::any_io_executor>& executors, options o, lane_threading threading, time_source clock,
         std::unique_ptr<log::store> s)
    : lanes_(make_lanes(executors, std::make_shared<common>(std::move(o), std::move(s)), threading, clock)) {}

void hub::start(lane& where, task<> body, std::function<void()> done) {
  auto ready = prepare(std::move(body), [self = shared_from_this(), done = std::move(done)](const std::exception_ptr& failure) {
    if (failure) self->shared().log(log_level::error, fmt::format("a connection ended by an exception: {}", what(failure)));
    done();
  });
  asio::dispatch(where.executor(), [ready = std::move(ready)]() mutable { ready.resume(); });
}

void hub::serve(lane& where, std::unique_ptr<transport> peer, upgrade_request request, std::string early, std::function<void()> done) {
  asio::dispatch(where.executor(), [self = shared_from_this(), &where, peer = std::move(peer),
                                    request = std::make_unique<upgrade_request>(std::move(request)), early = std::move(early),
                                    done = std::move(done)]() mutable {
    auto c = std::make_shared<connection>(where.shared_from_this(), std::move(peer));
    if (!early.empty()) c->incoming().append(early);
    self->start(where, run_session(std::move(c), std::move(request)), std::move(done));
  });
}

void hub::publish(std::string room_name, std::string text, std::function<void(error_code, receipt)> done) {
  lane& home = shared().home_of(room_name);
  asio::post(home.executor(), [self = shared_from_this(), &home, room_name = std::move(room_name), text = std::move(text), done = std::move(done)] {
    roomcast::publish(home, room_name, text, done);
  });
}

void hub::stop(std::chrono::milliseconds deadline, std::function<void()> done) {
  const auto left = std::make_shared<std::atomic<std::size_t>>(lanes_.size());
  const auto last_is_done = std::make_shared<std::function<void()>>(std::move(done));
  const auto begin = [deadline, left, last_is_done](lane& here) {
    here.advance();
    drain& d = *here.local<drains>().emplace_back(std::make_unique<drain>(here, deadline, [left, last_is_done] {
      if (--*left == 0) std::exchange(*last_is_done, nullptr)();  // it may hold work of an executor's
    }));
    d.begin();
  };
  // What has been said on any lane is on its way home before a member of any other is closed.
  const auto unsent = std::make_shared<std::atomic<std::size_t>>(lanes_.size());
  for (const auto& each : lanes_) {
    auto send_home = [self = shared_from_this(), &here = *each, begin, unsent] {
      here.rooms().forget_all();
      for (share* s : here.rooms().all()) s->try_flush();
      if (--*unsent != 0) return;
      for (const auto& l : self->lanes_) asio::post(l->executor(), [self, &l = *l, begin] { begin(l); });
    };
    // Once round: what has come already is read before.
    asio::post(each->executor(), [&here = *each, send_home = std::move(send_home)]() mutable { asio::post(here.executor(), std::move(send_home)); });
  }
}

void hub::count(std::function<void(counters)> done) { count_from(0, {}, std::move(done)); }

void hub::count_from(std::size_t first, counters sum, std::function<void(counters)> done) {
  asio::post(lanes_[first]->executor(), [self = shared_from_this(), first, sum, done = std::move(done)]() mutable {
    sum += self->lanes_[first]->count();
    if (first + 1 == self->lanes_.size()) return done(sum);
    self->count_from(first + 1, sum, std::move(done));
  });
}

void hub::abandon() {
  for (const auto& each : lanes_) {
    asio::post(each->executor(), [self = shared_from_this(), &here = *each] {
      here.local<drains>().clear();
      here.start_draining();
      for (member& m : here.sessions()) m.drop();
    });
  }
}

void hub::end() noexcept {
  shared().store.reset();
  for (const auto& each : lanes_) each->close_mailbox();
  for (const auto& each : lanes_) each->rooms().abandon_waiting();
}

}  // namespace roomcast
