#include "roomcast/connection/session.hpp"

#include "roomcast/connection/access_log.hpp"
#include "roomcast/connection/handshake.hpp"
#include "roomcast/connection/json_session.hpp"
#include "roomcast/connection/response.hpp"
#include "roomcast/escape.hpp"
#include "roomcast/room/call.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/room/room.hpp"
#include "roomcast/wire/event_stream.hpp"

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

void count(counters& counts, no_place why) noexcept {
  switch (why) {
    case no_place::name_taken: ++counts.refused_names; break;
    case no_place::room_full: ++counts.refused_members; break;
    case no_place::too_many_rooms: ++counts.refused_rooms; break;
  }
}

// A room that is only remembered goes, on whatever lane, where there is one.
task<> make_room(lane& home) {
  for (lane* const each : home.shared().lanes) {
    const auto ask = [each] { return each->rooms().forget_a_silent_one(); };
    call asked{home, *each, ask};
    if (co_await asked) co_return;
  }
}

task<std::variant<reservation, no_place>> find_place(lane& home, lane& owner, const admission& admitted, const applicant& who) {
  for (bool is_first = true;; is_first = false) {
    const auto ask = [&owner, &admitted, &who] { return owner.rooms().reserve(admitted.room, who); };
    call asked{home, owner, ask};
    auto reserved = co_await asked;
    const auto* const why = std::get_if<no_place>(&reserved);
    const bool is_for_want_of_rooms = why && *why == no_place::too_many_rooms;
    if (!is_for_want_of_rooms || !is_first) co_return std::move(reserved);
    co_await make_room(home);  // where there is none to go, one may have gone meanwhile
  }
}

// `wanted` is told what the newcomer wants to be sent first.
task<std::variant<reservation, response>> reserve(connection& peer, const upgrade_request& request, wish& wanted) {
  lane& home = peer.home();
  auto examined = examine(request.base(), home.config());
  if (auto* const refused = std::get_if<response>(&examined)) {
    ++(refused->status == 403 ? home.count().refused_origins : home.count().refused_handshakes);
    co_return std::move(*refused);
  }
  if (!home.shared().take_handshake(home.now())) {
    ++home.count().refused_handshake_rate;
    co_return response::line(503, "there are too many handshakes", "Retry-After: 1\r\n");
  }
  if (home.shared().memory.exceeded()) {
    ++home.count().refused_memory;
    co_return response::line(503, "the server is short of memory", "Retry-After: 10\r\n");
  }
  auto& admitted = std::get<admission>(examined);
  wanted = std::move(admitted.wanted);
  lane& owner = home.shared().home_of(admitted.room);
  // Who only reads has no name, but its place in the room needs one, and be it one that no member can have.
  if (wanted.form == wire::encoding::events) admitted.name = fmt::format("[{}]", peer.number());
  const applicant who{.name = admitted.name, .key = admitted.key, .number = peer.number(), .where = &home};
  auto reserved = co_await find_place(home, owner, admitted, who);
  if (const auto* const why = std::get_if<no_place>(&reserved)) {
    count(home.count(), *why);
    co_return refusal(*why);
  }
  auto& place = std::get<reservation>(reserved);
  if (&owner != &home) place.leave_home(owner.shared_from_this());
  co_return std::move(place);
}

// What a newcomer asks for and is told, until it has been told.
struct arrival {
  wish wanted;
  beginning begins;
};

void tell(const lane& home, std::string_view name, std::string_view what, std::string_view room) {
  if (home.config().log) home.shared().log(log_level::debug, fmt::format("{} {} {}", escape(name), what, room));
}

void begin_events(connection& peer, const upgrade_request& request, std::string_view room, const wish& w, const beginning& b) {
  const auto origin = request[http::field::origin];
  const auto allowed = origin.empty() ? std::string{} : fmt::format("Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n", std::string_view{origin.data(), origin.size()});
  // It ends with the connection. Proxies are asked not to gather it.
  const auto head = fmt::format(
      "HTTP/1.1 200 OK\r\nServer: roomcast\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n{}Connection: close\r\n\r\n", allowed);
  const std::uint64_t since = b.recovered ? *w.since : b.seq;
  peer.send(head + wire::events::make_welcome({.since = since, .room = room, .epoch = b.epoch, .seq = b.seq, .recovered = b.recovered, .members = b.members}));
  peer.open();
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
    ++home.count().refused_stopping;
    log_answer(*peer, request.get(), 503);
    peer->send(serialize(response::line(503, "the server is stopping", "Retry-After: 5\r\n"), false));
    co_return co_await peer->linger();
  }
  const enrolment enrolled{*peer};
  {
    auto coming = std::make_unique<arrival>();
    auto place = co_await reserve(*peer, *request, coming->wanted);
    if (auto* const refused = std::get_if<response>(&place)) {
      log_answer(*peer, request.get(), refused->status);
      const bool is_head = request->method() == http::verb::head;
      peer->send(serialize(*refused, false, is_head ? body_use::only_counted : body_use::sent));
      co_await peer->linger();
      co_return;
    }
    const auto form = coming->wanted.form;
    const bool is_json = form == wire::encoding::json;
    const bool only_reads = form == wire::encoding::events;
    auto& reserved = std::get<reservation>(place);
    peer->take_id(reserved.id());
    peer->take_name(reserved.name());
    peer->speak(form);
    auto member = co_await membership::join(home, std::move(reserved), *peer, coming->wanted, coming->begins);
    if (coming->wanted.since) ++(coming->begins.recovered ? home.count().resumed : home.count().not_resumed);
    websocket ws{*peer};
    json_session json{*peer, member};
    // Who reads the answer is a member.
    if (only_reads)
      begin_events(*peer, *request, member.room_name(), coming->wanted, coming->begins);
    else if (is_json ? ws.accept(*request, json_subprotocol, json.welcome(coming->begins)) : ws.accept(*request))
      co_return co_await peer->linger();
    const stay here{*peer, *request, only_reads ? 200u : 101u, member.room_name(), member.name()};
    request.reset();
    coming.reset();
    tell(home, member.name(), "joins", member.room_name());
    if (only_reads) co_await peer->until_over();
    while (!only_reads) {
      co_await peer->pace();
      co_await peer->unclogged();
      const auto message = co_await ws.receive();
      if (!message) break;
      ++home.count().messages_in;
      const bool is_refused = home.shared().is_overloaded();
      if (!is_json || message->binary) {
        if (is_refused) {
          peer->refuse_own({});
          continue;
        }
        if (is_json) peer->expect_own({});
        co_await member.broadcast(*message);
        continue;
      }
      auto command = json.read(message->bytes);
      if (const auto* const said = std::get_if<wire::json::say>(&command)) {
        if (is_refused) {
          peer->refuse_own(said->ref);
          continue;
        }
        json.says(*said);
        const payload text{.bytes = said->text, .echo = said->echo};
        co_await member.broadcast(text);
      } else {
        co_await json.answer(std::move(command));
      }
    }
    tell(home, member.name(), "leaves", member.room_name());
    if (!ws.close_frame().empty()) co_await member.part(ws.close_frame());
  }
  co_await peer->linger();
}

}  // namespace roomcast
