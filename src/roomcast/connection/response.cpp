#include "roomcast/connection/response.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

namespace roomcast {

response response::line(unsigned status, std::string_view reason, std::string headers) {
  return {.status = status, .body = fmt::format("{}\n", reason), .headers = std::move(headers)};
}

std::string serialize(const response& r, bool keep_alive, body_use use) {
  const std::string_view phrase = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(r.status));
  return fmt::format(
      "HTTP/1.1 {} {}\r\nServer: roomcast\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}{}\r\n{}", r.status, phrase, r.type,
      r.body.size(), r.headers, keep_alive ? "" : "Connection: close\r\n", use == body_use::sent ? r.body : std::string{});
}

}  // namespace roomcast
