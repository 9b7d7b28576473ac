#include "roomcast/connection/json_session.hpp"

#include "roomcast/room/call.hpp"
#include "roomcast/room/reading.hpp"
#include "roomcast/room/room.hpp"
#include "roomcast/wire/close_code.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace roomcast {

std::string json_session::welcome(const beginning& b) const {
  const return_keys::identity self{.id = peer_.id(), .name = member_.name()};
  const std::string key = peer_.home().shared().keys.key_of(member_.room_name(), self);
  return wire::json::make_welcome({.id = peer_.id(),
                                   .name = member_.name(),
                                   .room = member_.room_name(),
                                   .epoch = b.epoch,
                                   .seq = b.seq,
                                   .recovered = b.recovered,
                                   .members = b.members,
                                   .key = key});
}

void json_session::says(const wire::json::say& s) {
  faults_ = 0;
  peer_.expect_own(s.ref);
}

task<> json_session::answer(wire::json::command asked) {
  if (const auto* const f = std::get_if<wire::json::fault>(&asked)) {
    refuse(*f);
    co_return;
  }
  faults_ = 0;
  room& whole = member_.whole();
  if (const auto* const m = std::get_if<wire::json::members_request>(&asked)) {
    const auto ask = [&whole, m] { return whole.list_members(m->ref); };
    co_await answer_from_home(ask);
  } else if (const auto* const h = std::get_if<wire::json::history_request>(&asked)) {
    if (whole.is_stored()) co_return co_await tell_stored_history(*h);
    const auto ask = [&whole, h] { return whole.list_history(h->ref, h->before, h->limit); };
    co_await answer_from_home(ask);
  }
}

template <class Ask>
task<> json_session::answer_from_home(Ask ask) {
  call asked{peer_.home(), member_.whole().home(), std::move(ask)};
  const room::answer a = co_await asked;
  peer_.send_at(a.position, a.frame);
}

task<> json_session::tell_stored_history(wire::json::history_request asked) {
  lane& here = peer_.home();
  room& whole = member_.whole();
  const auto ask = [&whole] { return whole.visible(); };
  call where{here, whole.home(), ask};
  const room::standing visible = co_await where;
  const log::store::range range{.before = std::min(asked.before, visible.seq + 1), .limit = asked.limit, .max_bytes = room::enough_history, .binary = false};
  reading read{here, whole.name(), range};
  const reading::result found = co_await read;
  if (found.failure) {
    const wire::json::fault f{.ref = asked.ref, .code = "unavailable", .message = "the history cannot be read: " + found.failure.message()};
    co_return peer_.send(wire::json::make_error(f));
  }
  wire::json::history_writer list{asked.ref};
  for (const log::record& r : found.what.records)
    list.add({.seq = r.seq, .id = r.sender, .room = {}, .name = r.name, .text = r.text, .time = r.time});
  peer_.send_at(visible.position, list.finish(found.what.complete));
}

void json_session::refuse(const wire::json::fault& f) {
  peer_.send(wire::json::make_error({.ref = f.ref, .code = f.code, .message = f.message}));
  if (++faults_ < patience) return;
  peer_.close(wire::close_code::policy_violation, "too many frames that are no commands");
}

}  // namespace roomcast
