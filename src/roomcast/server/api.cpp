#include "roomcast/server/api.hpp"

#include "roomcast/connection/census.hpp"
#include "roomcast/connection/target.hpp"
#include "roomcast/name.hpp"
#include "roomcast/room/call.hpp"
#include "roomcast/room/publication.hpp"
#include "roomcast/room/reading.hpp"
#include "roomcast/room/room.hpp"
#include "roomcast/server/assets.hpp"
#include "roomcast/server/idempotency.hpp"
#include "roomcast/wire/json_protocol.hpp"
#include "roomcast/wire/json_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace roomcast::server::api {
namespace {

using json_writer = wire::json::writer<std::string>;

response json(unsigned status, std::string body) {
  body += '\n';
  return {.status = status, .body = std::move(body), .type = "application/json", .headers = "Cache-Control: no-store\r\n"};
}

response no_room() { return response::line(404, "there is no such room"); }
response no_member() { return response::line(404, "there is no such member"); }
response no_room_name() { return response::line(404, error_code{error::bad_room}.message()); }

// A number, and nothing else; nothing where `text` is not that.
std::optional<std::uint64_t> number_in(std::string_view text) noexcept {
  std::uint64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && end == text.data() + text.size() ? std::optional{n} : std::nullopt;
}

// Changes `value` if the query has parameter `name`; false where that is no number.
bool read_number(std::string_view query, std::string_view name, std::uint64_t& value) noexcept {
  const auto text = find_parameter(query, name);
  if (!text) return true;
  const auto n = number_in(*text);
  if (n) value = *n;
  return n.has_value();
}

constexpr std::uint64_t usual_limit = 50, largest_limit = 1000;

bool read_limit(std::string_view query, std::uint64_t& limit) noexcept {
  limit = usual_limit;
  if (!read_number(query, "limit", limit)) return false;
  limit = std::clamp<std::uint64_t>(limit, 1, largest_limit);
  return true;
}

response bad_number() { return response::line(400, "limit, since and before are whole numbers"); }

// publishing

std::string_view value_of(const request& r, http::field f) {
  const auto value = r[f];
  return {value.data(), value.size()};
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

enum class form { text, json, other };

// Without blanks, and its charset, if it names one, is UTF-8.
form form_of(const request& r) {
  if (r.count(http::field::content_type) != 1 || r.count(http::field::content_encoding) != 0) return form::other;
  std::string type = lower(value_of(r, http::field::content_type));
  std::erase_if(type, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
  const auto semicolon = std::min(type.find(';'), type.size());
  const auto parameters = std::string_view{type}.substr(semicolon);
  if (!parameters.empty() && parameters != ";charset=utf-8") return form::other;
  const auto name = std::string_view{type}.substr(0, semicolon);
  return name == "text/plain" ? form::text : name == "application/json" ? form::json : form::other;
}

bool is_idempotency_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= 255 && std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

response answer_to(error_code ec, const receipt& got) {
  if (!ec) {
    std::string body;
    json_writer{body}(R"({"seq":)").number(got.seq)(R"(,"recipients":)").number(got.recipients)("}");
    return json(201, std::move(body));
  }
  if (ec == error::bad_room) return no_room_name();
  if (ec == error::too_large) return response::line(413, ec.message());
  if (ec == error::not_utf8) return response::line(400, ec.message());
  if (ec == error::stopped || ec == error::too_many_rooms) return response::line(503, ec.message(), "Retry-After: 5\r\n");
  if (ec == error::overloaded) return response::line(503, ec.message(), "Retry-After: 1\r\n");
  return response::line(503, "it cannot be stored, and nobody gets it: " + ec.message(), "Retry-After: 5\r\n");
}

struct utterance {
  std::string room;
  std::string_view text;
  std::string key;  // empty where it came without one
};

using answerer = std::function<void(response)>;

// On the room's home lane.
void say(lane& home, const utterance& u, answerer done) {
  if (u.key.empty())
    return roomcast::publish(home, u.room, u.text, [done = std::move(done)](error_code ec, const receipt& got) { done(answer_to(ec, got)); });
  auto& known = home.local<idempotency>();
  const auto found = known.begin(u.room, u.key, u.text);
  if (const auto* const got = std::get_if<receipt>(&found)) return done(answer_to({}, *got));
  if (std::holds_alternative<idempotency::under_way>(found))
    return done(response::line(409, "a request with that Idempotency-Key is under way", "Retry-After: 1\r\n"));
  if (std::holds_alternative<idempotency::other_text>(found)) return done(response::line(422, "another message came with that Idempotency-Key"));
  const auto ticket = std::get<idempotency::ticket>(found);
  try {
    roomcast::publish(home, u.room, u.text, [&known, room = u.room, key = u.key, ticket, done = std::move(done)](error_code ec, const receipt& got) {
      known.end(room, key, ticket, ec ? std::nullopt : std::optional{got});
      done(answer_to(ec, got));
    });
  } catch (...) {
    known.end(u.room, u.key, ticket, {});
    throw;
  }
}

// reading

// What a room's home lane knows of its messages.
struct remembered {
  bool is_known = false;
  std::uint64_t visible_seq = 0;
  log::store::excerpt found = {};
};

remembered recall(lane& owner, const std::string& name, const log::store::range& which) {
  room* const r = owner.rooms().find(name);
  if (!r) return {};
  remembered all{.is_known = true, .visible_seq = r->visible().seq};
  if (!r->is_stored()) all.found = r->excerpt(which);
  return all;
}

std::string_view name_of(wire::encoding form) noexcept {
  switch (form) {
    case wire::encoding::text: return "text";
    case wire::encoding::json: return "json";
    case wire::encoding::events: break;
  }
  return "events";
}

json_writer& append_connection(json_writer& out, const connection_figures& c) {
  out.member(c.id, c.name)(R"(,"room":)").string(c.room)(R"(,"form":)").string(name_of(c.form))(R"(,"address":)").string(c.address);
  out(R"(,"age_ms":)").number(c.age.count())(R"(,"lag_bytes":)").number(c.lag_bytes)(R"(,"waiting_ms":)").number(c.waiting.count());
  out(R"(,"received_bytes":)").number(c.received_bytes)(R"(,"sent_bytes":)").number(c.sent_bytes);
  if (!c.way) return out;
  out(R"(,"rtt_us":)").number(c.way->round_trip.count())(R"(,"retransmits":)").number(c.way->retransmitted);
  return out(R"(,"unsent_bytes":)").number(c.way->unsent_bytes)(R"(,"unacknowledged_bytes":)").number(c.way->unacknowledged_bytes);
}

}  // namespace

task<response> description(const exchange&) {
  co_return response{.status = 200, .body = std::string{assets::openapi_json}, .type = "application/json", .headers = "Cache-Control: no-cache\r\n"};
}

task<response> list_rooms(const exchange& x) {
  std::uint64_t limit = 0;
  if (!read_limit(x.query, limit)) co_return bad_number();
  const auto after = percent_decode(find_parameter(x.query, "after").value_or(""));
  if (!after) co_return response::line(400, "after is not percent-encoded properly");
  std::vector<directory::summary> all;
  for (lane* const each : x.home.shared().lanes) {
    const auto ask = [each, &after, limit] { return each->rooms().list(*after, limit + 1); };
    call listed{x.home, *each, ask};
    auto its = co_await listed;
    std::move(its.begin(), its.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const bool is_complete = all.size() <= limit;
  if (!is_complete) all.resize(limit);
  std::string body = R"({"rooms":[)";
  json_writer out{body};
  for (const auto& each : all)
    out(&each == all.data() ? R"({"name":)" : R"(,{"name":)").string(each.name)(R"(,"members":)").number(each.members)("}");
  out(R"(],"complete":)").flag(is_complete)("}");
  co_return json(200, std::move(body));
}

task<response> list_members(const exchange& x) {
  const std::string& name = x.parts[0];
  lane& owner = x.home.shared().home_of(name);
  std::vector<room::person> people;
  std::size_t count = 0;
  const auto ask = [&owner, &name, &people, &count] {
    const room* const r = owner.rooms().find(name);
    if (!r) return false;
    people = r->people();
    count = r->population();
    return true;
  };
  call asked{x.home, owner, ask};
  const bool is_there = co_await asked;
  if (!is_there) co_return no_room();
  std::string body;
  json_writer out{body};
  out(R"({"count":)").number(count)(R"(,"members":[)");
  for (const auto& each : people) out(&each == people.data() ? "{" : ",{").member(each.id, each.name)("}");
  out("]}");
  co_return json(200, std::move(body));
}

task<response> remove_member(const exchange& x) {
  const std::string_view id = x.parts[1];
  const auto number = id.starts_with('c') ? number_in(id.substr(1)) : std::nullopt;
  if (!number) co_return response::line(404, "a member's id looks like c17");
  lane& owner = x.home.shared().home_of(x.parts[0]);
  const auto ask = [&owner, &x, number] { return owner.rooms().find_member(x.parts[0], *number); };
  call asked{x.home, owner, ask};
  const auto found = co_await asked;
  if (!found) co_return no_member();
  const auto evict = [found] { return found->where->evict(found->number, eviction::removed); };
  call told{x.home, *found->where, evict};
  const bool is_there = co_await told;
  if (!is_there) co_return no_member();
  co_return response{.status = 204};
}

task<response> list_connections(const exchange& x) {
  std::uint64_t limit = 0;
  if (!read_limit(x.query, limit)) co_return bad_number();
  std::vector<connection_figures> all;
  std::size_t members = 0;
  for (lane* const each : x.home.shared().lanes) {
    const auto ask = [each, limit] { return count_members(*each, limit); };
    call counted{x.home, *each, ask};
    auto its = co_await counted;
    std::move(its.most_lagging.begin(), its.most_lagging.end(), std::back_inserter(all));
    members += its.members;
  }
  std::sort(all.begin(), all.end(), lags_more);
  if (all.size() > limit) all.resize(limit);
  std::string body;
  json_writer out{body};
  out(R"({"count":)").number(members)(R"(,"connections":[)");
  for (const auto& each : all) append_connection(out(&each == all.data() ? "{" : ",{"), each)("}");
  out("]}");
  co_return json(200, std::move(body));
}

task<response> list_messages(const exchange& x) {
  const std::string& name = x.parts[0];
  std::uint64_t limit = 0;
  log::store::range which{.max_bytes = room::enough_history, .binary = false, .oldest_first = find_parameter(x.query, "since").has_value()};
  if (!read_limit(x.query, limit) || !read_number(x.query, "since", which.after) || !read_number(x.query, "before", which.before)) co_return bad_number();
  which.limit = limit;
  lane& owner = x.home.shared().home_of(name);
  const auto ask = [&owner, &name, &which] { return recall(owner, name, which); };
  call asked{x.home, owner, ask};
  remembered all = co_await asked;
  if (x.home.shared().store && is_room_name(name)) {
    if (all.is_known) which.before = std::min(which.before, all.visible_seq + 1);
    reading read{x.home, name, which};
    reading::result found = co_await read;
    if (!all.is_known && !found.failure && found.what.records.empty()) {
      const log::store::range newest{.limit = 1, .max_bytes = 1};
      reading anything{x.home, name, newest};
      const reading::result some = co_await anything;
      all.is_known = !some.what.records.empty();
    } else {
      all.is_known = true;
    }
    if (found.failure) co_return response::line(503, "the messages cannot be read: " + found.failure.message(), "Retry-After: 5\r\n");
    all.found = std::move(found.what);
  }
  if (!all.is_known) co_return no_room();
  std::string body = R"({"messages":[)";
  json_writer out{body};
  for (const auto& r : all.found.records) {
    out(&r == all.found.records.data() ? "{" : ",{");
    out.fields_of({.seq = r.seq, .id = r.sender, .room = {}, .name = r.name, .text = r.text, .time = r.time})("}");
  }
  out(R"(],"complete":)").flag(all.found.complete)("}");
  co_return json(200, std::move(body));
}

task<response> publish(const exchange& x) {
  const request& r = x.asked;
  if (!is_room_name(x.parts[0])) co_return no_room_name();
  if (r.count(http::field::content_length) == 0 && r.count(http::field::transfer_encoding) == 0)
    co_return response::line(411, "the length of the message is missing");
  utterance u{.room = x.parts[0], .text = r.body(), .key = {}};
  const auto sent_as = form_of(r);
  if (sent_as == form::other) co_return response::line(415, "a message is text/plain or application/json, in UTF-8");
  auto parsed = sent_as == form::json ? wire::json::parse_publication(u.text) : std::variant<std::string, wire::json::fault>{};
  if (const auto* const fault = std::get_if<wire::json::fault>(&parsed)) co_return response::line(400, fault->message);
  if (sent_as == form::json) u.text = std::get<std::string>(parsed);
  constexpr std::string_view key_field = "Idempotency-Key";
  if (const auto keys = r.count(key_field); keys != 0) {
    u.key = std::string{r[key_field]};
    if (keys != 1 || !is_idempotency_key(u.key)) co_return response::line(400, "an Idempotency-Key is 1 to 255 printable characters of ASCII");
  }
  lane& owner = x.home.shared().home_of(u.room);
  const auto ask = [&owner, &u](answerer done) { say(owner, u, std::move(done)); };
  deferred_call<response, decltype(ask)> asked{x.home, owner, ask};
  co_return co_await asked;
}

}  // namespace roomcast::server::api
