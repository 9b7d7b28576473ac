#include "roomcast/connection/session.hpp"

#include "roomcast/connection/handshake.hpp"
#include "roomcast/connection/response.hpp"
#include "roomcast/room/room.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <variant>

namespace roomcast {
namespace {

response refusal(no_place why) {
  switch (why) {
    case no_place::name_taken: return response::line(409, "that name is taken in this room");
    case no_place::room_full: return response::line(503, "the room is full", "Retry-After: 10\r\n");
    case no_place::too_many_rooms: break;
  }
  return response::line(503, "there are too many rooms", "Retry-After: 10\r\n");
}

task<std::variant<reservation, response>> reserve(lane& home, const upgrade_request& request) {
  auto examined = examine(request.base(), home.config());
  if (auto* const refused = std::get_if<response>(&examined)) co_return std::move(*refused);
  const auto& wanted = std::get<admission>(examined);
  auto reserved = home.rooms().reserve(wanted.room, wanted.name);
  if (const auto* const why = std::get_if<no_place>(&reserved)) co_return refusal(*why);
  co_return std::move(std::get<reservation>(reserved));
}

// A session is on its lane's list, so that a chat that stops finds it, and knows when the last is over.
class enrolment {
 public:
  explicit enrolment(connection& peer) noexcept : peer_(peer) {
    peer_.home().sessions().push_back(peer_);
    ++peer_.home().count().sessions;
  }
  enrolment(const enrolment&) = delete;
  enrolment& operator=(const enrolment&) = delete;
  ~enrolment() {
    peer_.unlink();
    --peer_.home().count().sessions;
  }

 private:
  connection& peer_;
};

}  // namespace

task<> run_session(std::shared_ptr<connection> peer, std::unique_ptr<upgrade_request> request) {
  lane& home = peer->home();
  if (home.draining()) {  // and no session, which stopping would wait for
    peer->send(serialize(response::line(503, "the server is stopping", "Retry-After: 5\r\n"), false));
    co_return co_await peer->linger();
  }
  const enrolment enrolled{*peer};
  {
    auto place = co_await reserve(home, *request);
    if (auto* const refused = std::get_if<response>(&place)) {
      ++home.count().refused;
      const bool is_head = request->method() == http::verb::head;
      peer->send(serialize(*refused, false, is_head ? body_use::only_counted : body_use::sent));
      co_await peer->linger();
      co_return;
    }
    websocket ws{*peer};
    if (ws.accept(*request)) co_return co_await peer->linger();
    request.reset();
    auto member = co_await membership::join(std::move(std::get<reservation>(place)), *peer);
    for (;;) {
      const auto text = co_await ws.receive();
      if (!text) break;
      ++home.count().messages_in;
      co_await member.broadcast(*text);
    }
  }
  co_await peer->linger();
}

}  // namespace roomcast
