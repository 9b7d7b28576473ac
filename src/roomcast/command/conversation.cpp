#include "roomcast/command/conversation.hpp"

#include "roomcast/escape.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace roomcast::command {

using client::event;

namespace {

constexpr std::uint16_t goodbye_code = 1000;

}  // namespace

conversation::conversation(std::string command, client::url where, bool reconnect)
    : command_(std::move(command)),
      where_(std::move(where)),
      reconnect_(reconnect),
      signals_(context_, SIGINT, SIGTERM),
      pause_(context_),
      deadline_(context_),
      back_off_(std::random_device{}()) {}

int conversation::run() {
  wait_for_signal();
  connect();
  context_.run();
  connection_.reset();
  return status_.value_or(EXIT_FAILURE);
}

void conversation::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code ec, int) {
    if (ec) return;
    if (finishing_ || !open_) {  // a second one, or nobody to say goodbye to
      if (must_deliver) return fail("interrupted before everything was taken");
      return end(EXIT_SUCCESS);
    }
    finish();
    wait_for_signal();
  });
}

void conversation::connect() {
  open_ = false;
  // What it has met is looked at from the loop, never from inside the client.
  set_deadline("the server does not answer");
  std::vector<client::header> headers;
  if (!subprotocol.empty()) headers.push_back({"Sec-WebSocket-Protocol", subprotocol});
  connection_.emplace(context_, where_.with(parameters()), std::move(headers), [this] { look(); });
}

void conversation::look() {
  asio::post(context_, [this] {
    while (!status_ && connection_ && !connection_->events().empty()) {
      const event e = std::move(connection_->events().front());
      connection_->events().pop_front();
      met(e);
    }
    if (!status_ && open_) on_sent();
  });
}

void conversation::met(const event& e) {
  switch (e.what) {
    case event::kind::opened: return opened(e.text);
    case event::kind::text: return on_text(e.text);
    case event::kind::binary:
    case event::kind::ping:
    case event::kind::pong: return;
    case event::kind::refused:
      // What is wrong with the request stays wrong; a name may be free again, and a server have room.
      return over(fmt::format("refused with {}: {}", e.code, escape(e.text)), e.code / 100 == 4 && e.code != 409 && e.code != 429);
    case event::kind::closed:
      if (finishing_ && e.code == goodbye_code) return end(EXIT_SUCCESS);
      return over(fmt::format("closed by the server with {}{}{}", e.code, e.text.empty() ? "" : ": ", escape(e.text)));
    case event::kind::lost: return over((open_ ? "lost: " : "not connected: ") + e.text);
  }
}

void conversation::opened(const std::string& chosen) {
  if (!subprotocol.empty() && chosen != subprotocol) return fail(fmt::format("the server does not speak {}", subprotocol));
  open_ = true;
  deadline_.cancel();
  back_off_.reset();
  on_open();
}

void conversation::over(const std::string& why, bool for_good) {
  if (!reconnect_ || finishing_ || for_good) return fail(why);
  fmt::print(stderr, "roomcast {}: {}\n", command_, why);
  open_ = false;
  deadline_.cancel();
  connection_.reset();
  const auto wait = retry_after();
  pause_.expires_after(wait ? *wait : back_off_.next());
  pause_.async_wait([this](boost::system::error_code ec) {
    if (!ec) connect();
  });
}

void conversation::finish() {
  if (status_ || std::exchange(finishing_, true)) return;
  if (!open_) return end(EXIT_SUCCESS);
  connection_->close(goodbye_code, {});
  set_deadline("the server does not answer the close");
}

void conversation::set_deadline(const char* otherwise) {
  deadline_.expires_after(std::chrono::seconds{10});
  deadline_.async_wait([this, otherwise](boost::system::error_code ec) {
    if (!ec) over(otherwise);
  });
}

void conversation::fail(const std::string& why) {
  fmt::print(stderr, "roomcast {}: {}\n", command_, why);
  end(EXIT_FAILURE);
}

void conversation::end(int status) {
  status_ = status;
  context_.stop();
}

}  // namespace roomcast::command
