#pragma once

#include "roomcast/connection/response.hpp"
#include "roomcast/options.hpp"
#include "roomcast/room/place.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace roomcast {

namespace http = boost::beast::http;

using request_header = http::request_header<http::fields>;

/// The subprotocol of JSON members.
inline constexpr std::string_view json_subprotocol = "roomcast.v1";

/// Where an upgrade request wants to go. `name` is empty where none was chosen, and so is `key` where none is shown.
struct admission {
  std::string room;
  std::string name;
  std::string key;
  wish wanted;
};

/// Whether `path` is the chat's, a room's name aside.
bool is_chat_path(std::string_view path, const options& config) noexcept;

/// Whether a request without an upgrade asks for an event stream, as an `EventSource` does.
bool asks_for_events(const request_header& request);

/// Judges a request by all that can be said before the room is asked: of an upgrade request RFC 6455 section 4.2.1, the path, the
/// origin, the name. One without an upgrade is let in if it asks for an event stream.
std::variant<admission, response> examine(const request_header& request, const options& config);

/// Whether a page of `origin` may connect to `host`, which may stand for itself or be in `allowed`; the scheme aside, as TLS
/// may end at a proxy.
bool is_origin_allowed(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed);

}  // namespace roomcast
