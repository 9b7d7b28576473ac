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
task<std::unique_ptr<request>> until_upgrade(connection& peer, std::chrono::milliseconds timeout, door at) {
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
    if (at != door::admin && begins_session(*read, peer.home())) {
      if (auto rest = requests.take_rest(); !rest.empty()) peer.incoming().append(rest);
      co_return std::make_unique<request>(std::move(*read));
    }
    const auto use = read->method() == http::verb::head ? body_use::only_counted : body_use::sent;
    const response answered = co_await answer(*read, peer.home(), at);
    log_answer(peer, read, answered.status);
    peer.send(serialize(answered, read->keep_alive(), use));
    // A peer that does not read its answers asks for no more.
    if (!read->keep_alive() || peer.is_blocked()) co_return nullptr;
  }
}

}  // namespace

task<> serve_http(std::shared_ptr<connection> peer, std::chrono::milliseconds handshake_timeout, door at) {
  auto upgrade = co_await until_upgrade(*peer, handshake_timeout, at);
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
