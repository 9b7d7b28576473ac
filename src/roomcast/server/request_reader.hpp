#pragma once

#include "roomcast/connection/connection.hpp"
#include "roomcast/connection/response.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory_resource>
#include <optional>
#include <string>
#include <variant>

namespace roomcast::server {

namespace http = boost::beast::http;

// The body is counted for the memory budget.
using request_body = http::basic_string_body<char, std::char_traits<char>, std::pmr::polymorphic_allocator<char>>;
using request = http::request<request_body>;

/// Reads the requests of one connection, one after another, and keeps what came after each. What two servers could read
/// differently is refused (RFC 9112, section 11.2). A body is at most a message long.
class request_reader {
 public:
  static constexpr std::size_t max_header = 8 * 1024;
  static constexpr std::size_t max_target = 4 * 1024;

  explicit request_reader(connection& peer) : peer_(peer), unread_(&peer.home().shared().memory) {}

  /// Completes with the next request; with the answer to one that is not acceptable, after which the connection is of no more
  /// use; or with nothing, when the peer has ended.
  task<std::variant<std::monostate, request, response>> next();

  /// What has come after the last request.
  std::pmr::string take_rest() noexcept { return std::move(unread_); }

 private:
  using parser = http::request_parser<request_body>;

  std::optional<response> parse(parser& p);
  std::optional<response> parse_some(parser& p);
  void ask_for_body(const parser& p);

  connection& peer_;
  std::pmr::string unread_;

  // of the request that is being read
  std::size_t taken_ = 0;
  std::optional<request::header_type> header_;  // where a trailer could change it
};

}  // namespace roomcast::server
