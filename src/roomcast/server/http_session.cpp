#include "roomcast/server/http_session.hpp"

#include "roomcast/connection/access_log.hpp"
#include "roomcast/connection/handshake.hpp"
#include "roomcast/connection/session.hpp"
#include "roomcast/connection/target.hpp"
#include "roomcast/server/request_reader.hpp"

#include <boost/beast/http/verb.hpp>

#include <utility>
#include <variant>

namespace roomcast::server {
namespace {

// Whether it begins a session; any other request for the chat is answered like those for other paths.
bool begins_session(const request& r, const lane& home) {
  const auto where = parse_target({r.target().data(), r.target().size()});
  return where && is_chat_path(where->path, home.config()) && (r.count(http::field::upgrade) != 0 || asks_for_events(r));
}

// Answers requests until one begins a session, which it returns with what came after it in the inbox; or none comes.
task<std::unique_ptr<upgrade_request>> until_upgrade(connection& peer, std::chrono::milliseconds timeout, site s) {
  request_reader requests{peer};
  for (;;) {
    peer.must_end(peer.home().now() + timeout);
    auto next = co_await requests.next();
    if (const auto* const refused = std::get_if<response>(&next)) {
      ++peer.home().count().refused_requests;
      log_answer(peer, nullptr, refused->status);
      peer.send(serialize(*refused, false));
      co_return nullptr;
    }
    auto* const read = std::get_if<request>(&next);
    if (!read) co_return nullptr;
    if (s.at != door::admin && begins_session(*read, peer.home())) {
      if (auto rest = requests.take_rest(); !rest.empty()) peer.incoming().append(rest);
      co_return std::make_unique<upgrade_request>(std::move(read->base()));
    }
    const auto use = read->method() == http::verb::head ? body_use::only_counted : body_use::sent;
    const response answered = co_await answer(*read, peer.home(), s);
    log_answer(peer, read, answered.status);
    peer.send(serialize(answered, read->keep_alive(), use));
    if (!read->keep_alive()) co_return nullptr;
    // One that does not read its answers asks for no more. It has `send_timeout`, as long as it takes some.
    peer.must_end(deadlines::never);
    co_await peer.unclogged();
    if (peer.over()) co_return nullptr;
  }
}

}  // namespace

task<> serve_http(std::shared_ptr<connection> peer, std::chrono::milliseconds handshake_timeout, site s) {
  auto upgrade = co_await until_upgrade(*peer, handshake_timeout, s);
  if (upgrade)
    co_await run_session(peer, std::move(upgrade));
  else
    co_await peer->linger();
}

task<> refuse_http(std::shared_ptr<connection> peer, std::chrono::milliseconds handshake_timeout, unsigned status, std::string_view why) {
  request_reader requests{*peer};
  peer->must_end(peer->home().now() + handshake_timeout);
  const auto asked = co_await requests.next();
  log_answer(*peer, std::get_if<request>(&asked), status);
  peer->send(serialize(response::line(status, why, "Retry-After: 10\r\n"), false));
  co_await peer->linger();
}

}  // namespace roomcast::server
