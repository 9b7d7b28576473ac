#include "roomcast/connection/response.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

namespace roomcast {

response response::line(unsigned status, std::string_view reason, std::string headers) {
  return {.status = status, .body = fmt::format("{}\n", reason), .headers = std::move(headers)};
}

std::string serialize(const response& r, bool keep_alive, body_use use) {
  const std::string_view phrase = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(r.status));
  constexpr unsigned no_content = 204;  // which has no length either: RFC 9110, section 8.6
  const auto content = r.status == no_content ? std::string{} : fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", r.type, r.body.size());
  return fmt::format("HTTP/1.1 {} {}\r\nServer: roomcast\r\n{}{}{}\r\n{}", r.status, phrase, content, r.headers,
                     keep_alive ? "" : "Connection: close\r\n", use == body_use::sent ? std::string_view{r.body} : std::string_view{});
}

}  // namespace roomcast
