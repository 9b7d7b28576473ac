#include "roomcast/connection/websocket.hpp"

#include "roomcast/utf8.hpp"
#include "roomcast/wire/close_code.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace roomcast {

/// What Beast takes for its socket: reads come from the inbox, at most one frame at a time; the frames that Beast writes by
/// itself go to the outbox. Both complete at once, so only Beast's synchronous operations are ever used.
class beast_layer {
 public:
  using executor_type = lane_executor;

  explicit beast_layer(lane_executor ex) noexcept : executor_(ex) {}

  executor_type get_executor() const noexcept { return executor_; }

  /// Whose frames are read; null for nobody's.
  void serve(connection* c) noexcept { connection_ = c; }

  template <class MutableBuffers>
  std::size_t read_some(const MutableBuffers& buffers, error_code& ec) {
    const asio::mutable_buffer into = *asio::buffer_sequence_begin(buffers);
    const std::size_t n = connection_->incoming().take({static_cast<std::byte*>(into.data()), into.size()});
    ec = n != 0 ? error_code{} : error_code{asio::error::would_block};
    return n;
  }

  template <class ConstBuffers>
  std::size_t write_some(const ConstBuffers& buffers, error_code& ec) {
    const auto bytes = boost::beast::buffers_to_string(buffers);
    const bool is_close = static_cast<unsigned char>(bytes.front()) == 0x88;
    if (is_close)
      close_ = bytes;
    else if (connection_)
      connection_->send(bytes + std::exchange(added_, {}));
    ec = {};
    return bytes.size();
  }

  /// These bytes go out with the answer to the handshake.
  void add_to_answer(std::string_view bytes) { added_ = bytes; }

  /// The Close that Beast has written.
  const std::string& close_frame() const noexcept { return close_; }

  // Beast's concept of a stream has these, too.
  template <class MutableBuffers>
  std::size_t read_some(const MutableBuffers& buffers) {
    error_code ec;
    const std::size_t n = read_some(buffers, ec);
    if (ec) throw boost::system::system_error(ec);
    return n;
  }
  template <class ConstBuffers>
  std::size_t write_some(const ConstBuffers& buffers) {
    error_code ignored;
    return write_some(buffers, ignored);
  }

 private:
  lane_executor executor_;
  connection* connection_ = nullptr;
  std::string added_;
  std::string close_;
};

// Found by Beast when it has failed a connection. It must not wait here: the session lingers afterwards.
void teardown(boost::beast::role_type, beast_layer&, error_code& ec) { ec = {}; }
void beast_close_socket(beast_layer&) {}

namespace {

std::uint64_t counters::*counter_of(const error_code& ec) {
  using boost::beast::websocket::error;
  if (ec == error::message_too_big) return &counters::closed_too_large;
  if (ec == error::bad_frame_payload) return &counters::closed_invalid_text;
  return &counters::closed_protocol;
}

}  // namespace

class websocket::stream : public boost::beast::websocket::stream<beast_layer, false> {
 public:
  explicit stream(const lane& home) : boost::beast::websocket::stream<beast_layer, false>(beast_layer{home.executor()}) {
    read_message_max(home.config().max_message_size);
  }
};

/// A lane's streams that stand between two messages: each serves whoever's message begins next. Lane only.
class websocket::stream_pool {
 public:
  explicit stream_pool(const lane& home) : lane_(home) { idle_.reserve(most); }

  std::unique_ptr<stream> take(connection& c) {
    auto taken = idle_.empty() ? make() : std::move(idle_.back());
    if (!idle_.empty()) idle_.pop_back();
    taken->next_layer().serve(&c);
    return taken;
  }

  void give_back(std::unique_ptr<stream> s) noexcept {
    if (idle_.size() < most) idle_.push_back(std::move(s));
  }

 private:
  static constexpr std::size_t most = 16;

  // One that has answered a handshake of nobody's.
  std::unique_ptr<stream> make() const {
    upgrade_request request{http::verb::get, "/", 11};
    request.set(http::field::host, "localhost");
    request.set(http::field::upgrade, "websocket");
    request.set(http::field::connection, "upgrade");
    request.set(http::field::sec_websocket_key, "AAAAAAAAAAAAAAAAAAAAAA==");
    request.set(http::field::sec_websocket_version, "13");
    auto made = std::make_unique<stream>(lane_);
    made->accept(request);
    return made;
  }

  const lane& lane_;
  std::vector<std::unique_ptr<stream>> idle_;
};

websocket::websocket(connection& c) : connection_(c), streams_(c.home().local<stream_pool>()) {}

websocket::~websocket() = default;

error_code websocket::accept(const upgrade_request& request) {
  return accept(request, std::make_unique<stream>(connection_.home()));
}

error_code websocket::accept(const upgrade_request& request, std::string_view subprotocol, std::string_view first) {
  auto answering = std::make_unique<stream>(connection_.home());
  answering->set_option(boost::beast::websocket::stream_base::decorator(
      [subprotocol](boost::beast::websocket::response_type& r) { r.set(http::field::sec_websocket_protocol, subprotocol); }));
  answering->next_layer().add_to_answer(first);
  return accept(request, std::move(answering));
}

error_code websocket::accept(const upgrade_request& request, std::unique_ptr<stream> answering) {
  answering->next_layer().serve(&connection_);
  error_code ec;
  answering->accept(request, ec);
  if (ec) return ec;
  streams_.give_back(std::move(answering));
  connection_.open();
  return ec;
}

std::string_view websocket::close_frame() const noexcept {
  return stream_ ? std::string_view{stream_->next_layer().close_frame()} : std::string_view{};
}

payload websocket::message() const noexcept {
  if (whole_) return connection_.incoming().take_message();
  if (const auto& partial = connection_.incoming().partial(); !partial.empty()) return {partial, binary_};
  const auto message = connection_.home().buffers().message();
  return {{reinterpret_cast<const char*>(message.data()), filled_}, binary_};
}

websocket::progress websocket::read() {
  if (connection_.over()) return progress::over;
  whole_ = false;
  if (std::exchange(delivered_, false)) {
    filled_ = 0;
    connection_.incoming().forget_partial();
  }
  for (;;) {
    switch (connection_.incoming().look()) {
      case inbox::front::nothing:
        if (!connection_.has_caught_up()) break;
        return pause();
      case inbox::front::message: return read_whole();
      case inbox::front::readable:
        if (const auto done = read_frame(); done != progress::nothing) return done;
        break;
      case inbox::front::ping: connection_.pong(connection_.incoming().take_ping()); [[fallthrough]];
      case inbox::front::pong:
        if (!connection_.count_control())
          return fail(&counters::closed_control_rate, wire::close_code::policy_violation, "too many control frames");
        break;
      case inbox::front::too_many_fragments:
        return fail(&counters::closed_fragments, wire::close_code::policy_violation, "too many fragments");
      case inbox::front::binary: return fail(&counters::closed_binary, wire::close_code::unsupported_data, "only text is relayed");
      case inbox::front::violation: return fail(&counters::closed_protocol, wire::close_code::protocol_error, {});
    }
  }
}

websocket::progress websocket::read_whole() {
  const payload what = connection_.incoming().take_message();
  if (!what.binary && !is_utf8(what.bytes)) return fail(&counters::closed_invalid_text, wire::close_code::invalid_payload, {});
  whole_ = true;
  connection_.message_ended();
  return progress::message;
}

websocket::progress websocket::read_frame() {
  if (!stream_) stream_ = streams_.take(connection_);
  const auto space = connection_.home().buffers().message().subspan(filled_);
  error_code ec;
  filled_ += stream_->read_some(asio::buffer(space.data(), space.size()), ec);
  if (ec == boost::beast::websocket::error::closed) {
    // The answer has a code even where this has none.
    const std::uint16_t code = stream_->reason().code;
    connection_.note_close(code != boost::beast::websocket::close_code::none ? code : wire::close_code::no_status);
    return progress::over;
  }
  if (ec) {
    connection_.close_with(close_frame());
    ++(connection_.home().count().*counter_of(ec));
    return progress::over;
  }
  if (!stream_->is_message_done()) return progress::nothing;
  binary_ = stream_->got_binary();
  if (!connection_.incoming().partial().empty()) keep();
  // Beast does not check again when the last fragment is empty; and would go on inside that code point.
  if (const auto whole = message(); !whole.binary && ends_inside_code_point(whole.bytes))
    return fail(&counters::closed_invalid_text, wire::close_code::invalid_payload, {});
  streams_.give_back(std::move(stream_));
  delivered_ = true;
  connection_.message_ended();
  return progress::message;
}

websocket::progress websocket::fail(std::uint64_t counters::*counter, std::uint16_t code, std::string_view reason) {
  ++(connection_.home().count().*counter);
  connection_.close(code, reason);
  return progress::over;
}

// The lane's buffers are somebody else's while this connection waits.
websocket::progress websocket::pause() {
  if (filled_ != 0) keep();
  connection_.home().mind_memory();
  if (connection_.incoming().inside_message())
    connection_.message_began();
  else
    connection_.message_ended();
  return progress::nothing;
}

void websocket::keep() {
  const auto message = connection_.home().buffers().message();
  connection_.incoming().partial().append(reinterpret_cast<const char*>(message.data()), filled_);
  filled_ = 0;
}

}  // namespace roomcast
