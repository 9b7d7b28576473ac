#include "roomcast/server/routes.hpp"

#include "roomcast/connection/handshake.hpp"
#include "roomcast/connection/target.hpp"
#include "roomcast/room/call.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/room/room.hpp"
#include "roomcast/server/api.hpp"
#include "roomcast/server/assets.hpp"
#include "roomcast/server/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace roomcast::server {
namespace {

// Nothing but its own files, and the socket of its own host.
constexpr std::string_view page_headers =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cache-Control: no-cache\r\n";

// The client module is for the pages of other hosts, too.
constexpr std::string_view module_headers =
    "X-Content-Type-Options: nosniff\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "Cache-Control: no-cache\r\n";

response file(std::string_view content, std::string_view type, std::string_view headers) {
  return {.status = 200, .body = std::string{content}, .type = type, .headers = std::string{headers}};
}

constexpr std::string_view javascript = "text/javascript; charset=utf-8";

task<response> page(const exchange& x) {
  // The page learns the chat's path from here; the path has no character that HTML would take for its own.
  std::string html{assets::index_html};
  constexpr std::string_view mark = "@path@";
  html.replace(html.find(mark), mark.size(), x.home.config().path);
  co_return file(html, "text/html; charset=utf-8", page_headers);
}

task<response> script(const exchange&) { co_return file(assets::page_js, javascript, page_headers); }
task<response> message_list(const exchange&) { co_return file(assets::message_list_js, javascript, page_headers); }
task<response> style(const exchange&) { co_return file(assets::page_css, "text/css; charset=utf-8", page_headers); }
task<response> client(const exchange&) { co_return file(assets::roomcast_js, javascript, module_headers); }
task<response> client_types(const exchange&) { co_return file(assets::roomcast_d_ts, "application/typescript; charset=utf-8", module_headers); }

task<response> healthy(const exchange&) { co_return response::line(200, "ok"); }

task<response> ready(const exchange& x) {
  co_return x.home.draining() ? response::line(503, "stopping", "Retry-After: 5\r\n") : response::line(200, "ready");
}

task<response> measured(const exchange& x) {
  counters all;
  for (lane* each : x.home.shared().lanes) {
    const auto ask = [each] { return each->count(); };
    call counted{x.home, *each, ask};
    const counters its = co_await counted;
    all += its;
  }
  const auto& memory = x.home.shared().memory;
  co_return response{.status = 200, .body = metrics(all, memory.held(), memory.limit(), own_usage()), .type = "text/plain; version=0.0.4; charset=utf-8"};
}

using http::verb;

constexpr std::array table{
    route{verb::get, "/", audience::everybody, doors::chat, page},
    route{verb::get, "/page.js", audience::everybody, doors::chat, script},
    route{verb::get, "/message-list.js", audience::everybody, doors::chat, message_list},
    route{verb::get, "/page.css", audience::everybody, doors::chat, style},
    route{verb::get, "/roomcast.js", audience::everybody, doors::chat, client},
    route{verb::get, "/roomcast.d.ts", audience::everybody, doors::chat, client_types},
    route{verb::get, "/healthz", audience::everybody, doors::both, healthy},
    route{verb::get, "/readyz", audience::everybody, doors::both, ready},
    route{verb::get, "/metrics", audience::everybody, doors::admin, measured},
    route{verb::get, "/debug/connections", audience::key_holders, doors::admin, api::list_connections},
    route{verb::get, "/api/openapi.json", audience::everybody_with_api, doors::admin, api::description},
    route{verb::get, "/api/rooms", audience::key_holders, doors::admin, api::list_rooms},
    route{verb::get, "/api/rooms/{room}/members", audience::key_holders, doors::admin, api::list_members},
    route{verb::delete_, "/api/rooms/{room}/members/{id}", audience::key_holders, doors::admin, api::remove_member},
    route{verb::get, "/api/rooms/{room}/messages", audience::key_holders, doors::admin, api::list_messages},
    route{verb::post, "/api/rooms/{room}/messages", audience::key_holders, doors::admin, api::publish},
};

// Whether somebody else has the name that `a` asks for.
task<bool> is_name_taken(const admission& a, lane& home) {
  if (a.name.empty() || home.shared().keys.identity_of(a.room, a.key)) co_return false;
  lane& owner = home.shared().home_of(a.room);
  const auto ask = [&] {
    // Nobody else is asked before the place is given up again, so any number will do.
    const auto reserved = owner.rooms().reserve(a.room, {.name = a.name, .key = {}, .number = 1, .where = &owner});
    const auto* const why = std::get_if<no_place>(&reserved);
    return why && *why == no_place::name_taken;
  };
  call asked{home, owner, ask};
  co_return co_await asked;
}

// What is in the way of a handshake like `r`, which lacks the upgrade, or 426. A browser does not tell a page why a handshake
// has failed: the page asks here.
task<response> answer_without_upgrade(const request& r, lane& home) {
  ++home.count().refused_handshakes;
  if (home.draining()) co_return response::line(503, "the server is stopping", "Retry-After: 5\r\n");
  request_header complete = r.base();
  complete.set(http::field::upgrade, "websocket");
  complete.set(http::field::connection, "upgrade");
  complete.set(http::field::sec_websocket_version, "13");
  complete.set(http::field::sec_websocket_key, "AAAAAAAAAAAAAAAAAAAAAA==");
  complete.set(http::field::sec_websocket_protocol, {json_subprotocol.data(), json_subprotocol.size()});
  auto examined = examine(complete, home.config());
  if (auto* const refused = std::get_if<response>(&examined)) co_return std::move(*refused);
  const bool is_taken = co_await is_name_taken(std::get<admission>(examined), home);
  if (is_taken) co_return response::line(409, "that name is taken in this room");
  co_return std::get<response>(examine(r.base(), home.config()));
}

bool is_at(door here, doors where) noexcept {
  return here == door::whole || where == doors::both || (where == doors::admin) == (here == door::admin);
}

// What stands in `path` for the {parts} of `pattern`; nothing where it is another path.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> parts;
  for (;;) {
    const auto brace = pattern.find('{');
    if (brace == pattern.npos) break;
    if (!path.starts_with(pattern.substr(0, brace))) return {};
    path.remove_prefix(brace);
    pattern.remove_prefix(pattern.find('}') + 1);
    const auto encoded = path.substr(0, path.find('/'));
    path.remove_prefix(encoded.size());
    auto part = percent_decode(encoded);
    if (!part || part->empty()) return {};
    parts.push_back(std::move(*part));
  }
  if (path != pattern) return {};
  return parts;
}

bool has_key(const request& r, const api_keys& keys) {
  if (r.count(http::field::authorization) != 1) return false;
  const auto value = r[http::field::authorization];
  std::string_view said{value.data(), value.size()};
  constexpr std::string_view scheme = "bearer ";
  const auto is_letter_of_it = [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); };
  if (said.size() < scheme.size() || !std::equal(scheme.begin(), scheme.end(), said.begin(), [&](char b, char a) { return is_letter_of_it(a, b); }))
    return false;
  said.remove_prefix(std::min(said.find_first_not_of(' ', scheme.size()), said.size()));
  return keys.have(said);
}

}  // namespace

std::span<const route> routes() noexcept { return table; }

task<response> answer(const request& r, lane& home, site s) {
  const auto target = parse_target({r.target().data(), r.target().size()});
  if (s.at != door::admin && target && is_chat_path(target->path, home.config())) co_return co_await answer_without_upgrade(r, home);
  std::string allowed;
  for (const route& each : table) {
    if (!target || !is_at(s.at, each.where) || (each.who != audience::everybody && !s.keys)) continue;
    auto parts = match(each.path, target->path);
    if (!parts) continue;
    if (each.who == audience::key_holders && !has_key(r, *s.keys))
      co_return response::line(401, "an API key is needed", "WWW-Authenticate: Bearer\r\n");
    const bool is_get = each.method == verb::get;
    if (r.method() == each.method || (is_get && r.method() == verb::head)) {
      const exchange x{.asked = r, .home = home, .query = target->query, .parts = std::move(*parts)};
      co_return co_await each.handler(x);
    }
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", is_get ? "GET, HEAD" : std::string_view{http::to_string(each.method).data()});
  }
  if (allowed.empty()) co_return response::line(404, "there is nothing here");
  co_return response::line(405, fmt::format("only {} is answered here", allowed), fmt::format("Allow: {}\r\n", allowed));
}

}  // namespace roomcast::server
