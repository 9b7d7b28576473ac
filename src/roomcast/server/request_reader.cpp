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
  parser.body_limit(max_body);
  parser.eager(true);
  std::size_t taken = 0;
  for (;;) {
    if (!unread_.empty()) {
      error_code ec;
      const std::size_t n = parser.put(asio::buffer(unread_), ec);
      unread_.erase(0, n);
      if (ec && ec != http::error::need_more) co_return answer_to(ec);
      // Chunks have extensions, and trailers, which the parser counts for no limit.
      if ((taken += n) > max_header + 2 * max_body) co_return answer_to(http::error::body_limit);
      if (parser.is_done()) break;
      // The parser takes a body as it comes, and a line when it is whole: of the header, a chunk's, or a trailer's.
      if (unread_.size() > max_header) co_return answer_to(http::error::header_limit);
      if (peer_.home().shared().memory.exceeded())
        co_return response::line(503, "the server is short of memory", "Retry-After: 10\r\n");
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
