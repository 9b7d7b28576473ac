#include "roomcast/client/client.hpp"

#include "roomcast/client/pausable_socket.hpp"
#include "roomcast/wire/frame.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <limits>

namespace roomcast::client {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using error_code = boost::system::error_code;

struct client::state : std::enable_shared_from_this<state> {
  struct output {
    enum class kind { text, fragment, last_fragment, ping, raw } what;
    std::string bytes;
  };

  state(asio::io_context& context, url u, std::vector<header> h, std::function<void()> n)
      : where(std::move(u)), headers(std::move(h)), notify(std::move(n)), resolver(context), stream(context) {}

  void start() {
    stream.read_message_max(std::numeric_limits<std::size_t>::max());
    stream.auto_fragment(false);
    stream.set_option(beast::websocket::stream_base::decorator([this](beast::websocket::request_type& request) {
      for (const auto& each : headers) request.set(each.name, each.value);
    }));
    stream.control_callback([this](beast::websocket::frame_type what, beast::string_view payload) {
      if (what == beast::websocket::frame_type::close) return;
      met({what == beast::websocket::frame_type::ping ? event::kind::ping : event::kind::pong, std::string{payload}});
    });
    resolver.async_resolve(where.host, std::to_string(where.port), [self = shared_from_this()](error_code ec, auto found) {
      if (ec) return self->lost(ec);
      asio::async_connect(self->stream.next_layer().socket(), found, [self](error_code failed, const tcp::endpoint&) {
        if (failed) return self->lost(failed);
        self->handshake();
      });
    });
  }

  void handshake() {
    error_code ignored;
    stream.next_layer().socket().set_option(tcp::no_delay(true), ignored);
    stream.async_handshake(answer, where.authority(), where.target, [self = shared_from_this()](error_code ec) {
      if (ec == beast::websocket::error::upgrade_declined) {
        self->over = true;
        self->stream.next_layer().socket().close(ec);
        const auto& body = self->answer.body();
        return self->met({event::kind::refused, body.substr(0, body.find('\n')), self->answer.result_int()});
      }
      if (ec) return self->lost(ec);
      self->open = true;
      // Beast leaves it to us whether the server speaks what was asked for.
      self->met({event::kind::opened, std::string{self->answer[beast::http::field::sec_websocket_protocol]}});
      self->write();
      self->read();
    });
  }

  void read() {
    if (over) return;
    stream.async_read(buffer, [self = shared_from_this()](error_code ec, std::size_t) {
      // A Close has been read even where our answer to it could not be written.
      if (const auto& reason = self->stream.reason(); ec && reason.code != beast::websocket::close_code::none) {
        if (std::exchange(self->over, true)) return;
        return self->met({event::kind::closed, std::string{reason.reason.c_str()}, reason.code});
      }
      if (ec == beast::websocket::error::closed) {  // without a code
        self->over = true;
        return self->met({event::kind::closed, {}, 1005});
      }
      if (ec) return self->lost(ec);
      self->met({self->stream.got_text() ? event::kind::text : event::kind::binary, beast::buffers_to_string(self->buffer.data())});
      self->buffer.consume(self->buffer.size());
      self->read();
    });
  }

  void write() {
    if (!open || writing || over || outputs.empty()) return;
    writing = true;
    const auto& next = outputs.front();
    const auto bytes = asio::buffer(next.bytes);
    const auto done = [self = shared_from_this()](error_code ec, std::size_t = 0) {
      self->writing = false;
      self->unsent -= self->outputs.front().bytes.size();
      self->outputs.pop_front();
      if (ec) return self->notify();  // the reading side says what has happened
      self->write();
      self->notify();
    };
    switch (next.what) {
      case output::kind::text:
      case output::kind::last_fragment: return stream.async_write_some(true, bytes, done);
      case output::kind::fragment: return stream.async_write_some(false, bytes, done);
      case output::kind::ping: return stream.async_ping({next.bytes.data(), next.bytes.size()}, done);
      case output::kind::raw: return asio::async_write(stream.next_layer().socket(), bytes, done);
    }
  }

  void add(output o) {
    if (over) return;
    unsent += o.bytes.size();
    outputs.push_back(std::move(o));
    write();
  }

  void met(event e) {
    events.push_back(std::move(e));
    notify();
  }

  void lost(error_code ec) {
    if (std::exchange(over, true)) return;
    met({event::kind::lost, ec == asio::error::eof ? "the server ended the connection" : ec.message()});
  }

  const url where;
  const std::vector<header> headers;
  std::function<void()> notify;
  std::deque<event> events;
  tcp::resolver resolver;
  beast::websocket::stream<pausable_socket> stream;
  beast::websocket::response_type answer;
  beast::flat_buffer buffer;
  std::deque<output> outputs;
  std::size_t unsent = 0;
  bool open = false, over = false, writing = false;
};

client::client(asio::io_context& context, const url& where, std::vector<header> headers, std::function<void()> notify)
    : state_(std::make_shared<state>(context, where, std::move(headers), std::move(notify))) {
  state_->start();
}

client::~client() {
  state_->over = true;
  state_->notify = [] {};
  state_->resolver.cancel();
  error_code ignored;
  state_->stream.next_layer().socket().close(ignored);
  state_->stream.next_layer().resume();  // a read that is held back would hold the connection
}

std::deque<event>& client::events() noexcept { return state_->events; }

void client::send_text(std::string text) { state_->add({state::output::kind::text, std::move(text)}); }

void client::send_fragments(std::vector<std::string> parts) {
  for (std::size_t i = 0; i < parts.size(); ++i)
    state_->add({i + 1 == parts.size() ? state::output::kind::last_fragment : state::output::kind::fragment, std::move(parts[i])});
}

void client::send_ping(std::string payload) { state_->add({state::output::kind::ping, std::move(payload)}); }

void client::send_raw(std::string bytes) { state_->add({state::output::kind::raw, std::move(bytes)}); }

// Not Beast's async_close, which takes the messages that come before the answer for itself.
void client::close(std::uint16_t code, std::string_view reason) {
  state_->add({state::output::kind::raw, wire::mask(wire::make_close(code, reason))});
}

std::size_t client::unsent() const noexcept { return state_->unsent; }

void client::pause() { state_->stream.next_layer().pause(); }

void client::resume() { state_->stream.next_layer().resume(); }

void client::shutdown_send() {
  error_code ignored;
  state_->stream.next_layer().socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void client::reset() {
  error_code ignored;
  state_->over = true;
  state_->stream.next_layer().socket().set_option(asio::socket_base::linger(true, 0), ignored);
  state_->stream.next_layer().socket().close(ignored);
}

}  // namespace roomcast::client
