#include "roomcast/server/request_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

namespace roomcast::server {
namespace {

response answer_to(const error_code& ec) {
  if (ec == http::error::header_limit) return response::line(431, "the header is longer than 8 KiB");
  if (ec == http::error::body_limit) return response::line(413, "the body is too long");
  if (ec == http::error::bad_version) return response::line(505, "HTTP/1.0 and HTTP/1.1 are spoken here");
  return response::line(400, "that is not an HTTP request: " + ec.message());
}

// What Beast's parser lets pass in a header: bare line feeds, which it waits behind, and lines that are folded.
std::optional<response> judge_lines(std::string_view unread) {
  const auto header = unread.substr(0, unread.find("\r\n\r\n"));
  for (auto at = header.find('\n'); at != header.npos; at = header.find('\n', at + 1)) {
    if (at == 0 || header[at - 1] != '\r') return response::line(400, "a line ends with CR and LF");
    if (at + 1 < header.size() && (header[at + 1] == ' ' || header[at + 1] == '\t')) return response::line(400, "a header is not folded");
  }
  return {};
}

bool is(std::string_view value, std::string_view token) noexcept {
  return std::equal(value.begin(), value.end(), token.begin(), token.end(),
                    [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); });
}

// And what it lets pass of a header as a whole.
std::optional<response> judge(const request::header_type& h) {
  const auto value_of = [&h](http::field f) { return std::string_view{h[f].data(), h[f].size()}; };
  if (h.target().size() > request_reader::max_target) return response::line(414, "the target is longer than 4 KiB");
  if (h.version() == 11 && h.count(http::field::host) != 1) return response::line(400, "exactly one Host header is needed");
  if (const auto codings = h.count(http::field::transfer_encoding); codings != 0)
    if (codings != 1 || h.version() != 11 || h.count(http::field::content_length) != 0 || !is(value_of(http::field::transfer_encoding), "chunked"))
      return response::line(400, "the only transfer coding is chunked, without a length");
  if (const auto lengths = h.count(http::field::content_length); lengths != 0)
    if (lengths != 1 || value_of(http::field::content_length).find(',') != std::string_view::npos) return response::line(400, "one length is enough");
  if (const auto expected = h.count(http::field::expect); expected != 0 && h.version() == 11)
    if (expected != 1 || !is(value_of(http::field::expect), "100-continue")) return response::line(417, "only 100-continue can be expected");
  return {};
}

}  // namespace

// Beast takes a header when it is whole.
std::optional<response> request_reader::parse(parser& p) {
  if (!p.is_header_done()) {
    if (auto fault = judge_lines(unread_)) return fault;
    if (auto fault = parse_some(p)) return fault;
    if (!p.is_header_done()) return {};
    if (auto fault = judge(p.get().base())) return fault;
    if (p.chunked()) header_ = p.get().base();
    p.eager(true);
    ask_for_body(p);
  }
  return p.is_done() || unread_.empty() ? std::nullopt : parse_some(p);
}

std::optional<response> request_reader::parse_some(parser& p) {
  error_code ec;
  const std::size_t n = p.put(asio::buffer(unread_), ec);
  unread_.erase(0, n);
  if (ec && ec != http::error::need_more) return answer_to(ec);
  // Chunks have extensions, and trailers, which the parser counts for no limit.
  taken_ += n;
  if (taken_ > max_header + 2 * std::max(peer_.home().config().max_message_size, max_header)) return answer_to(http::error::body_limit);
  return {};
}

void request_reader::ask_for_body(const parser& p) {
  const auto& h = p.get();
  if (!p.is_done() && unread_.empty() && h.version() == 11 && h.count(http::field::expect) != 0) peer_.send("HTTP/1.1 100 Continue\r\n\r\n");
}

task<std::variant<std::monostate, request, response>> request_reader::next() {
  parser p{std::piecewise_construct, std::make_tuple(std::pmr::polymorphic_allocator<char>{&peer_.home().shared().memory})};
  p.header_limit(max_header);
  p.body_limit(peer_.home().config().max_message_size);
  auto forbid_bare_line_feed = [](std::uint64_t, std::string_view extensions, error_code& ec) {
    if (extensions.find('\n') != extensions.npos) ec = http::error::bad_chunk_extension;
  };
  p.on_chunk_header(forbid_bare_line_feed);
  taken_ = 0;
  header_.reset();
  for (;;) {
    if (!unread_.empty()) {
      if (auto refused = parse(p)) co_return std::move(*refused);
      if (p.is_done()) break;
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
  request read{p.release()};
  if (header_) read.base() = std::move(*header_);
  co_return read;
}

}  // namespace roomcast::server
