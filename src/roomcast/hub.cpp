#include "roomcast/hub.hpp"

#include "roomcast/connection/session.hpp"
#include "roomcast/name.hpp"
#include "roomcast/room/room.hpp"
#include "roomcast/utf8.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

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

}  // namespace

hub::hub(asio::any_io_executor ex, options o, lane_threading threading, time_source clock)
    : lane_(std::make_shared<lane>(std::make_shared<common>(std::move(o)), std::move(ex), threading, std::move(clock))) {}

void hub::start(task<> body, std::function<void()> done) {
  auto ready = prepare(std::move(body), [self = shared_from_this(), done = std::move(done)](const std::exception_ptr& failure) {
    if (failure) self->shared().log(log_level::error, fmt::format("a connection ended by an exception: {}", what(failure)));
    done();
  });
  asio::dispatch(lane_->executor(), [ready = std::move(ready)]() mutable { ready.resume(); });
}

void hub::serve(std::unique_ptr<transport> peer, upgrade_request request, std::string early, std::function<void()> done) {
  asio::dispatch(lane_->executor(), [self = shared_from_this(), peer = std::move(peer),
                                     request = std::make_unique<upgrade_request>(std::move(request)), early = std::move(early),
                                     done = std::move(done)]() mutable {
    auto c = std::make_shared<connection>(self->lane_, std::move(peer));
    if (!early.empty()) c->incoming().append(early);
    self->start(run_session(std::move(c), std::move(request)), std::move(done));
  });
}

void hub::publish(std::string room_name, std::string text, std::function<void(error_code, receipt)> done) {
  asio::post(lane_->executor(), [self = shared_from_this(), room_name = std::move(room_name), text = std::move(text),
                                 done = std::move(done)] {
    const lane& home = *self->lane_;
    if (home.draining()) return done(error::stopped, {});
    if (!is_room_name(room_name)) return done(error::bad_room, {});
    if (text.size() > home.config().max_message_size) return done(error::too_large, {});
    if (!is_utf8(text)) return done(error::not_utf8, {});
    room* const r = self->lane_->rooms().open(room_name);
    if (!r) return done(error::too_many_rooms, {});
    const auto seq = r->order(0, home.config().publisher, {.bytes = text});
    done({}, receipt{.seq = seq, .recipients = r->size()});
  });
}

void hub::stop(std::chrono::milliseconds deadline, std::function<void()> done) {
  asio::post(lane_->executor(), [self = shared_from_this(), deadline, done = std::move(done)]() mutable {
    self->lane_->advance();
    self->drains_.push_back(std::make_unique<drain>(*self->lane_, deadline, std::move(done)));
    self->drains_.back()->begin();
  });
}

void hub::count(std::function<void(counters)> done) {
  asio::post(lane_->executor(), [self = shared_from_this(), done = std::move(done)] { done(self->lane_->count()); });
}

void hub::abandon() {
  asio::post(lane_->executor(), [self = shared_from_this()] {
    self->drains_.clear();
    self->lane_->start_draining();
    for (member& each : self->lane_->sessions()) each.drop();
  });
}

}  // namespace roomcast
