#include "roomcast/server/routes.hpp"

#include "roomcast/connection/handshake.hpp"
#include "roomcast/connection/target.hpp"
#include "roomcast/room/call.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/room/room.hpp"
#include "roomcast/server/assets.hpp"
#include "roomcast/server/metrics.hpp"

#include <boost/beast/http/verb.hpp>

#include <array>
#include <string_view>
#include <utility>
#include <variant>

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

task<response> page(lane& home) {
  // The page learns the chat's path from here; the path has no character that HTML would take for its own.
  std::string html{assets::index_html};
  constexpr std::string_view mark = "@path@";
  html.replace(html.find(mark), mark.size(), home.config().path);
  co_return file(html, "text/html; charset=utf-8", page_headers);
}

task<response> script(lane&) { co_return file(assets::page_js, javascript, page_headers); }
task<response> message_list(lane&) { co_return file(assets::message_list_js, javascript, page_headers); }
task<response> style(lane&) { co_return file(assets::page_css, "text/css; charset=utf-8", page_headers); }
task<response> client(lane&) { co_return file(assets::roomcast_js, javascript, module_headers); }
task<response> client_types(lane&) { co_return file(assets::roomcast_d_ts, "application/typescript; charset=utf-8", module_headers); }

task<response> healthy(lane&) { co_return response::line(200, "ok"); }

task<response> ready(lane& home) {
  co_return home.draining() ? response::line(503, "stopping", "Retry-After: 5\r\n") : response::line(200, "ready");
}

task<response> measured(lane& home) {
  counters all;
  for (lane* each : home.shared().lanes) {
    const auto ask = [each] { return each->count(); };
    call counted{home, *each, ask};
    const counters its = co_await counted;
    all += its;
  }
  const auto& memory = home.shared().memory;
  co_return response{.status = 200, .body = metrics(all, memory.held(), memory.limit(), own_usage()), .type = "text/plain; version=0.0.4; charset=utf-8"};
}

struct route {
  std::string_view path;
  task<response> (*handler)(lane&);
};

// All of them answer GET and HEAD.
constexpr std::array routes{
    route{"/", page},
    route{"/page.js", script},
    route{"/message-list.js", message_list},
    route{"/page.css", style},
    route{"/roomcast.js", client},
    route{"/roomcast.d.ts", client_types},
    route{"/healthz", healthy},
    route{"/readyz", ready},
    route{"/metrics", measured},
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

bool is_at(door where, std::string_view path) noexcept {
  if (where == door::whole || path == "/healthz" || path == "/readyz") return true;
  return (path == "/metrics") == (where == door::admin);
}

}  // namespace

task<response> answer(const request& r, lane& home, door at) {
  const auto where = parse_target({r.target().data(), r.target().size()});
  if (at != door::admin && where && is_chat_path(where->path, home.config())) co_return co_await answer_without_upgrade(r, home);
  for (const route& each : routes) {
    if (!where || where->path != each.path || !is_at(at, each.path)) continue;
    if (r.method() != http::verb::get && r.method() != http::verb::head)
      co_return response::line(405, "only GET and HEAD are answered here", "Allow: GET, HEAD\r\n");
    co_return co_await each.handler(home);
  }
  co_return response::line(404, "there is nothing here");
}

}  // namespace roomcast::server
