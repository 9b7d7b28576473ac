#include "roomcast/chat.hpp"

#include "roomcast/connection/tcp_transport.hpp"
#include "roomcast/hub.hpp"

namespace roomcast {

chat::chat(boost::asio::any_io_executor ex, options o)
    : executor_(ex), hub_(std::make_shared<hub>(std::move(ex), std::move(o), lane_threading::many)) {}

chat::~chat() { hub_->abandon(); }

void chat::start_serving(socket s, bare_request r, std::string early, std::function<void()> done) {
  error_code ec;
  const auto protocol = s.local_endpoint(ec).protocol();
  const auto handle = ec ? socket::native_handle_type{-1} : s.release(ec);
  if (ec) return done();  // the peer has gone already
  tcp_transport::socket adopted{hub_->home()->executor()};
  adopted.assign(protocol, handle, ec);
  if (ec) {
    s.assign(protocol, handle, ec);  // closes it
    return done();
  }
  hub_->serve(std::make_unique<tcp_transport>(std::move(adopted), hub_->shared().opts), std::move(r),
              std::move(early), std::move(done));
}

void chat::start_publishing(std::string room, std::string text, std::function<void(error_code, receipt)> done) {
  hub_->publish(std::move(room), std::move(text), std::move(done));
}

void chat::start_stopping(std::chrono::milliseconds deadline, std::function<void()> done) {
  hub_->stop(deadline, std::move(done));
}

void chat::start_counting(std::function<void(counters)> done) { hub_->count(std::move(done)); }

}  // namespace roomcast
