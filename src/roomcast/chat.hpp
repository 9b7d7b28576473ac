#pragma once

#include "roomcast/error.hpp"
#include "roomcast/options.hpp"
#include "roomcast/receipt.hpp"
#include "roomcast/room/counters.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace roomcast {

class hub;

/// Chat rooms in an application of yours.
///
/// Everything runs on the executor given, through a strand of it, whatever number of threads run it: the library starts no
/// thread, handles no signal and has no global state. Completion handlers are posted to their associated executor, or else
/// to that one.
///
/// Thread safety: all functions may be called from any thread; construction and destruction exclude everything else.
/// Lifetime: the executor's context outlives the chat. Destroying the chat drops its connections; to part from the members
/// properly, `stop` it first.
class chat {
 public:
  using socket = boost::asio::ip::tcp::socket;

  /// Throws `option_error`.
  explicit chat(boost::asio::any_io_executor ex, options o = {});
  chat(const chat&) = delete;
  chat& operator=(const chat&) = delete;
  ~chat();

  /// Serves a connection whose upgrade request your server has read: answers it, with 101 or with a refusal, and completes
  /// when the connection has ended, in whatever way; that is no error.
  ///
  /// A client that asks for the subprotocol `roomcast.v1` speaks JSON, any other plain text.
  ///
  /// `stream` is a connected TCP socket, on any executor and with nothing pending, or a stream that gives one by
  /// `release_socket()`. `request` is a Beast request of any body, for a target under `options::path`. `buffer` holds what was
  /// read after the request. Signature: `void()`. Cannot be cancelled.
  template <class Stream, class Body, class DynamicBuffer, class CompletionToken = boost::asio::use_awaitable_t<>>
  auto serve(Stream stream, boost::beast::http::request<Body> request, DynamicBuffer buffer, CompletionToken&& token = {}) {
    return initiate<void()>(
        [](chat& self, auto done, Stream s, boost::beast::http::request<Body> r, DynamicBuffer b) {
          bare_request bare{std::move(r.base())};
          self.start_serving(socket_of(std::move(s)), std::move(bare), boost::beast::buffers_to_string(b.data()), std::move(done));
        },
        token, std::move(stream), std::move(request), std::move(buffer));
  }

  /// Orders `text` in room `room`, under the name `options::publisher`; completes with its receipt when it has its place and is on
  /// its way to everybody. A room without members is fine: nobody receives it. Signature: `void(error_code, receipt)`, with `error::stopped`, `bad_room`,
  /// `too_large`, `not_utf8` or `too_many_rooms`. Cannot be cancelled.
  template <class CompletionToken = boost::asio::use_awaitable_t<>>
  auto publish(std::string room, std::string text, CompletionToken&& token = {}) {
    return initiate<void(error_code, receipt)>(
        [](chat& self, auto done, std::string r, std::string t) {
          self.start_publishing(std::move(r), std::move(t), std::move(done));
        },
        token, std::move(room), std::move(text));
  }

  /// Lets nobody in any more, sends what has been ordered, closes the members with 1012, spread over up to half of
  /// `deadline`, and completes when the last connection has ended; those that are left at the deadline are dropped.
  /// Signature: `void()`. Cannot be cancelled.
  template <class CompletionToken = boost::asio::use_awaitable_t<>>
  auto stop(std::chrono::milliseconds deadline, CompletionToken&& token = {}) {
    return initiate<void()>([](chat& self, auto done, std::chrono::milliseconds d) { self.start_stopping(d, std::move(done)); },
                            token, deadline);
  }

  /// What has been done and is held. Signature: `void(counters)`.
  template <class CompletionToken = boost::asio::use_awaitable_t<>>
  auto count(CompletionToken&& token = {}) {
    return initiate<void(counters)>([](chat& self, auto done) { self.start_counting(std::move(done)); }, token);
  }

 private:
  using bare_request = boost::beast::http::request<boost::beast::http::empty_body>;

  void start_serving(socket s, bare_request r, std::string early, std::function<void()> done);
  void start_publishing(std::string room, std::string text, std::function<void(error_code, receipt)> done);
  void start_stopping(std::chrono::milliseconds deadline, std::function<void()> done);
  void start_counting(std::function<void(counters)> done);

  // A handler is moved out once; that it is shared lets it into a std::function.
  template <class Handler>
  static auto once(Handler handler, const boost::asio::any_io_executor& ex) {
    auto bound = boost::asio::get_associated_executor(handler, ex);
    auto work = boost::asio::prefer(bound, boost::asio::execution::outstanding_work.tracked);
    return [h = std::make_shared<Handler>(std::move(handler)), bound, work](auto... results) {
      boost::asio::post(bound, [h, results = std::make_tuple(std::move(results)...)]() mutable {
        std::apply(std::move(*h), std::move(results));
      });
    };
  }

  template <class Signature, class Start, class CompletionToken, class... Args>
  auto initiate(Start start, CompletionToken& token, Args... args) {
    return boost::asio::async_initiate<CompletionToken, Signature>(
        [this, start](auto handler, auto... a) { start(*this, once(std::move(handler), executor_), std::move(a)...); }, token,
        std::move(args)...);
  }

  static socket socket_of(socket s) { return s; }

  template <class Stream>
    requires requires(Stream s) { s.release_socket(); }
  static auto socket_of(Stream s) {
    return socket_of(s.release_socket());
  }

  template <class Executor>
  static socket socket_of(boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor> s) {
    return socket{std::move(s)};
  }

  const boost::asio::any_io_executor executor_;
  const std::shared_ptr<hub> hub_;
};

}  // namespace roomcast
