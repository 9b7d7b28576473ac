#include "application.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <future>
#include <memory>
#include <utility>

namespace roomcast::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

application::application(options o, int threads)
    : chat_(std::in_place, context_.get_executor(), std::move(o)),
      acceptor_(context_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}),
      port_(acceptor_.local_endpoint().port()) {
  accept();
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { context_.run(); });
}

application::~application() {
  if (chat_) stop(std::chrono::milliseconds{100});
  asio::post(context_, [this] { acceptor_.close(); });
  context_.stop();
  threads_.clear();
}

void application::accept() {
  acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
    if (ec) return;
    struct reading {
      beast::tcp_stream stream;
      beast::flat_buffer buffer;
      beast::http::request<beast::http::string_body> request;
    };
    auto r = std::make_shared<reading>(beast::tcp_stream{std::move(socket)});
    beast::http::async_read(r->stream, r->buffer, r->request, [this, r](error_code failed, std::size_t) {
      if (!failed && chat_) chat_->serve(std::move(r->stream), std::move(r->request), std::move(r->buffer), [] {});
    });
    accept();
  });
}

counters application::count() { return chat_->count(asio::use_future).get(); }

bool application::wait_until(const std::function<bool(const counters&)>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
  while (!holds(count())) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

void application::stop(std::chrono::milliseconds deadline) { chat_->stop(deadline, asio::use_future).get(); }

}  // namespace roomcast::test
