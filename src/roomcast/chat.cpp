#include "roomcast/chat.hpp"

#include "roomcast/connection/tcp_transport.hpp"
#include "roomcast/hub.hpp"

namespace roomcast {

chat::chat(boost::asio::any_io_executor ex, options o)
    : executor_(ex), hub_(std::make_shared<hub>(std::move(ex), std::move(o), lane_threading::many)) {}

chat::~chat() { hub_->abandon(); }

void chat::start_serving(socket s, bare_request r, std::string early, std::function<void()> done) {
  error_code ec;
  descriptor d{s.release(ec)};
  if (ec) return done();  // it was not open
  lane& home = *hub_->home();
  hub_->serve(home, std::make_unique<tcp_transport>(home, std::move(d), home.config()), std::move(r), std::move(early), std::move(done));
}

void chat::start_publishing(std::string room, std::string text, std::function<void(error_code, receipt)> done) {
  hub_->publish(std::move(room), std::move(text), std::move(done));
}

void chat::start_stopping(std::chrono::milliseconds deadline, std::function<void()> done) {
  hub_->stop(deadline, std::move(done));
}

void chat::start_counting(std::function<void(counters)> done) { hub_->count(std::move(done)); }

}  // namespace roomcast
