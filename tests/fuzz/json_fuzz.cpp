// The subprotocol roomcast.v1: the input is a client's frame; and its lines are a name and a text, to be told to clients.

#include "check.hpp"
#include "reference.hpp"

#include "roomcast/wire/json_protocol.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

using namespace roomcast;
using fuzz::check;
namespace json = wire::json;
namespace dom = boost::json;

namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

// What Boost.JSON reads in a whole document; nothing where it is none.
std::optional<dom::value> read(std::string_view text) {
  boost::system::error_code ec;
  dom::parse_options options;
  options.max_depth = 8;
  dom::value v = dom::parse(text, ec, {}, options);
  if (ec) return {};
  return v;
}

// The only frame in `bytes`.
dom::value told(std::string_view bytes) {
  const auto frame = fuzz::take_server_frame(bytes);
  check(frame && bytes.empty() && frame->opcode == 1, "what is told is one whole text frame");
  auto v = read(frame->payload);
  check(v && v->is_object(), "what is told is one JSON object");
  check(dom::serialize(*v).size() <= frame->payload.size(), "what is told has no blanks");
  return *v;
}

bool is_string(const dom::value* v, std::size_t longest = std::string_view::npos) {
  return v && v->is_string() && v->get_string().size() <= longest;
}

std::optional<std::string> text_of(const dom::value* v) {
  if (!v) return {};
  return std::string{v->get_string()};
}

void check_ref(const std::optional<std::string>& ref, const dom::object& o) {
  const auto* const said = o.if_contains("ref");
  check(is_string(said, 64) ? ref == text_of(said) : !ref, "a ref is taken as it is, or not at all");
}

// The code of the fault that `o` has; empty where it has none.
std::string_view fault_of(const dom::object& o) {
  const auto fits = [&](std::string_view name, auto is) { return !o.contains(name) || is(o.at(name)); };
  if (!fits("type", [](auto& v) { return v.is_string(); })) return "bad_field";
  const auto type = text_of(o.if_contains("type"));
  if (type != "message" && type != "members" && type != "history") return "unknown_type";
  bool good = fits("ref", [](auto& v) { return is_string(&v, 64); });
  if (type == "message") good = good && is_string(o.if_contains("text")) && fits("echo", [](auto& v) { return v.is_bool(); });
  if (type == "history")
    good = good && fits("before", [](auto& v) { return v.is_uint64() || (v.is_int64() && v.get_int64() >= 0); }) &&
           fits("limit", [](auto& v) { return v.is_uint64() || v.is_int64(); });
  return good ? "" : "bad_field";
}

// A whole number that there may be; one below 0 counts as 0.
std::uint64_t number(const dom::object& o, std::string_view name, std::uint64_t otherwise) {
  const auto* const v = o.if_contains(name);
  if (!v) return otherwise;
  return v->is_uint64() ? v->get_uint64() : static_cast<std::uint64_t>(std::max<std::int64_t>(v->get_int64(), 0));
}

void test_message(std::string_view name, std::string_view text) {
  const wire::message m{.seq = text.size(), .sender = 1, .id = name.size(), .room = "ops", .name = name, .text = text, .time = {}};
  std::pmr::string bytes = "before";
  json::append_message(bytes, m);
  check(bytes.starts_with("before"), "what was there before stays");
  const auto frame = std::string_view{bytes}.substr(6);
  const auto v = told(frame);
  const dom::value expected = {{"type", "message"}, {"seq", m.seq},         {"id", "c" + std::to_string(m.id)},
                               {"name", name},      {"time", v.at("time")}, {"text", text}};
  check(v == expected, "a message is told as it is");
  auto rest = frame;
  const auto again = json::parse(fuzz::take_server_frame(rest)->payload);
  const auto* const said = std::get_if<json::say>(&again);
  check(said && said->text == text && said->echo && !said->ref, "what is told could have been said");
  json::history_writer list{std::string{name}};
  list.add(m);
  list.add(m);
  dom::object one = expected.get_object();
  one.erase("type");
  const dom::value all = {{"type", "history"}, {"ref", name}, {"messages", {one, one}}, {"complete", true}};
  check(told(list.finish(true)) == all, "a history tells messages as they are");
}

void test_answers(std::string_view name, std::string_view text) {
  const std::string ref{name};
  check(told(json::make_ack(name, text.size())) == dom::value{{"type", "ack"}, {"ref", name}, {"seq", text.size()}}, "an ack");
  const json::fault f{.ref = ref, .code = name, .message = std::string{text}, .retry_after = std::chrono::milliseconds{text.size()}};
  const dom::value error = {{"type", "error"}, {"ref", name}, {"code", name}, {"message", text}, {"retry_after_ms", text.size()}};
  check(told(json::make_error(f)) == error, "an error");
  const dom::value goodbye = {{"type", "goodbye"}, {"reason", text}, {"retry_after_ms", 5}};
  check(told(json::make_goodbye(text, std::chrono::milliseconds{5})) == goodbye, "a goodbye");
  const json::welcome w{.id = 1, .name = name, .room = text, .epoch = name, .seq = largest, .recovered = false, .members = 7, .key = text};
  const dom::value welcome = {{"type", "welcome"}, {"id", "c1"},         {"name", name}, {"room", text}, {"epoch", name},
                              {"seq", largest},    {"recovered", false}, {"members", 7}, {"key", text}};
  check(told(json::make_welcome(w)) == welcome, "a welcome");
  json::members_writer list{ref};
  list.add(1, name);
  list.add(2, text);
  const dom::value members = {{"type", "members"},
                              {"ref", name},
                              {"count", 9},
                              {"members", {{{"id", "c1"}, {"name", name}}, {{"id", "c2"}, {"name", text}}}}};
  check(told(list.finish(9)) == members, "a list of members");
  std::pmr::string bytes;
  json::append_leave(bytes, text.size(), name);
  check(told(bytes) == dom::value{{"type", "leave"}, {"id", std::string{"c"}.append(std::to_string(text.size()))}, {"name", name}}, "a leave");
}

void test_said(const json::say& s, const dom::object& o) {
  check_ref(s.ref, o);
  check(s.text == text_of(o.if_contains("text")), "a text is what its string stands for");
  check(fuzz::is_valid_utf8(s.text), "a text is valid UTF-8");
  check(s.echo == (!o.contains("echo") || o.at("echo").get_bool()), "echo is wanted, unless it is not");
  test_message(s.ref.value_or(""), s.text);
}

void test_asked(const json::history_request& h, const dom::object& o) {
  check_ref(h.ref, o);
  check(h.before == number(o, "before", largest), "a history's end is as asked");
  check(h.limit == std::clamp<std::uint64_t>(number(o, "limit", 50), 1, 1000), "a history's limit is as asked, within bounds");
}

void test_command(std::string_view frame) {
  const auto asked = json::parse(frame);
  const auto* const fault = std::get_if<json::fault>(&asked);
  const auto v = read(frame);
  check(!v || fuzz::is_valid_utf8(frame), "JSON is valid UTF-8");
  if (!v || !v->is_object()) {
    check(fault && fault->code == "bad_json" && !fault->ref, "what is no JSON object is no command");
    return;
  }
  const auto& o = v->get_object();
  check(fault_of(o) == (fault ? fault->code : ""), "what is wrong is told, and nothing else");
  const auto type = text_of(fault ? nullptr : o.if_contains("type"));
  if (fault) check_ref(fault->ref, o);
  if (type == "message") test_said(std::get<json::say>(asked), o);
  if (type == "members") check_ref(std::get<json::members_request>(asked).ref, o);
  if (type == "history") test_asked(std::get<json::history_request>(asked), o);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  test_command(input);
  if (!fuzz::is_valid_utf8(input)) return 0;
  const auto name = input.substr(0, input.find('\n'));
  const auto text = input.substr(std::min(name.size() + 1, input.size()));
  test_message(name, text);
  test_answers(name, text);
  return 0;
}
