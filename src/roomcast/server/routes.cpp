#include "roomcast/server/routes.hpp"

#include "roomcast/connection/target.hpp"
#include "roomcast/room/call.hpp"
#include "roomcast/server/assets.hpp"
#include "roomcast/server/metrics.hpp"

#include <boost/beast/http/verb.hpp>

#include <array>
#include <string_view>

namespace roomcast::server {
namespace {

// Nothing but its own files, and the socket of its own host.
constexpr std::string_view page_headers =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cache-Control: no-cache\r\n";

task<response> page(lane& home) {
  // The page learns the chat's path from here; the path has no character that HTML would take for its own.
  std::string html{assets::index_html};
  constexpr std::string_view mark = "@path@";
  html.replace(html.find(mark), mark.size(), home.config().path);
  co_return response{.status = 200, .body = std::move(html), .type = "text/html; charset=utf-8", .headers = std::string{page_headers}};
}

task<response> script(lane&) {
  co_return response{.status = 200, .body = std::string{assets::page_js}, .type = "text/javascript; charset=utf-8", .headers = std::string{page_headers}};
}

task<response> style(lane&) {
  co_return response{.status = 200, .body = std::string{assets::page_css}, .type = "text/css; charset=utf-8", .headers = std::string{page_headers}};
}

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
  co_return response{.status = 200, .body = metrics(all, memory.held(), memory.limit()), .type = "text/plain; version=0.0.4; charset=utf-8"};
}

struct route {
  std::string_view path;
  task<response> (*handler)(lane&);
};

// All of them answer GET and HEAD.
constexpr std::array routes{
    route{"/", page}, route{"/page.js", script}, route{"/page.css", style}, route{"/healthz", healthy}, route{"/readyz", ready}, route{"/metrics", measured},
};

}  // namespace

task<response> answer(const request& r, lane& home) {
  const auto where = parse_target({r.target().data(), r.target().size()});
  for (const route& each : routes) {
    if (!where || where->path != each.path) continue;
    if (r.method() != http::verb::get && r.method() != http::verb::head)
      co_return response::line(405, "only GET and HEAD are answered here", "Allow: GET, HEAD\r\n");
    co_return co_await each.handler(home);
  }
  co_return response::line(404, "there is nothing here");
}

}  // namespace roomcast::server
