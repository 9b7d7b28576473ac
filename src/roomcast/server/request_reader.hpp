#pragma once

#include "roomcast/connection/connection.hpp"
#include "roomcast/connection/response.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/empty_body.hpp>

#include <memory_resource>
#include <string>
#include <variant>

namespace roomcast::server {

namespace http = boost::beast::http;

using request = http::request<http::empty_body>;

/// Reads the requests of one connection, one after another, and keeps what came after each. The body of a request is read
/// and discarded; nothing here takes one.
class request_reader {
 public:
  static constexpr std::size_t max_header = 8 * 1024;
  static constexpr std::size_t max_target = 4 * 1024;

  static constexpr std::size_t max_body = 64 * 1024;

  explicit request_reader(connection& peer) : peer_(peer), unread_(&peer.home().shared().memory) {}

  /// Completes with the next request; with the answer to one that is not acceptable, after which the connection is of no more
  /// use; or with nothing, when the peer has ended.
  task<std::variant<std::monostate, request, response>> next();

  /// What has come after the last request.
  std::pmr::string take_rest() noexcept { return std::move(unread_); }

 private:
  connection& peer_;
  std::pmr::string unread_;
};

}  // namespace roomcast::server
