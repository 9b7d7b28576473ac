#include "roomcast/server/request_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/string_body.hpp>

#include <utility>

namespace roomcast::server {
namespace {

response answer_to(const error_code& ec) {
  if (ec == http::error::header_limit) return response::line(431, "the header is longer than 8 KiB");
  if (ec == http::error::body_limit) return response::line(413, "the body is too long");
  if (ec == http::error::bad_version) return response::line(505, "HTTP/1.0 and HTTP/1.1 are spoken here");
  return response::line(400, "that is not an HTTP request: " + ec.message());
}

}  // namespace

task<std::variant<std::monostate, request, response>> request_reader::next() {
  http::request_parser<http::string_body> parser;
  parser.header_limit(max_header);
  parser.body_limit(max_body_);
  parser.eager(true);
  for (;;) {
    if (!unread_.empty()) {
      error_code ec;
      unread_.erase(0, parser.put(asio::buffer(unread_), ec));
      if (ec && ec != http::error::need_more) co_return answer_to(ec);
      if (parser.is_done()) break;
      // The parser keeps no line that is not whole, so that this is what it has to read.
      if (!parser.is_header_done() && unread_.size() > max_header) co_return answer_to(http::error::header_limit);
    }
    co_await peer_.readable();
    peer_.receive();
    unread_ += peer_.incoming().unread();
    peer_.incoming().consume(peer_.incoming().unread().size());
    if (peer_.over()) co_return std::monostate{};
  }
  request read{std::move(parser.release().base())};
  if (read.target().size() > max_target) co_return response::line(414, "the target is longer than 4 KiB");
  if (read.version() == 11 && read.count(http::field::host) != 1) co_return response::line(400, "exactly one Host header is needed");
  co_return read;
}

}  // namespace roomcast::server
