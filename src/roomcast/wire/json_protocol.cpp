#include "roomcast/wire/json_protocol.hpp"

#include "roomcast/utf8.hpp"
#include "roomcast/wire/frame.hpp"
#include "roomcast/wire/text_format.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace roomcast::wire::json {
namespace {

namespace bjson = boost::json;

constexpr std::size_t longest_ref = 64;

// What a byte is written as in a string: itself, or an escape, RFC 8259 section 7.
bool is_plain(char c) noexcept { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

template <class String>
void append_escaped(String& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  while (!text.empty()) {
    const auto special = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
    out += text.substr(0, special);
    if (special == text.size()) return;
    const char c = text[special];
    out += '\\';
    switch (c) {
      case '"':
      case '\\': out += c; break;
      case '\n': out += 'n'; break;
      case '\r': out += 'r'; break;
      case '\t': out += 't'; break;
      default:
        out += "u00";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 0xf];
    }
    text.remove_prefix(special + 1);
  }
}

template <class String>
void append_string(String& out, std::string_view key, std::string_view value) {
  out += key;
  out += '"';
  append_escaped(out, value);
  out += '"';
}

template <class String>
void append_number(String& out, std::string_view key, std::uint64_t value) {
  const fmt::format_int digits{value};
  out += key;
  out += std::string_view{digits.data(), digits.size()};
}

template <class String>
void append_member(String& out, std::uint64_t id, std::string_view name) {
  append_number(out, "\"id\":\"c", id);
  append_string(out, "\",\"name\":", name);
}

// A message's members, after its type.
template <class String>
void append_fields(String& out, const message& m) {
  append_number(out, "\"seq\":", m.seq);
  out += ',';
  append_member(out, m.id, m.name);
  append_string(out, ",\"time\":", iso_time(m.time).view());
  append_string(out, ",\"text\":", m.text);
  out += '}';
}

// Writes a frame whose payload is not known yet: the header comes when it is.
template <class Write>
void append_frame(std::pmr::string& out, Write write) {
  const std::size_t begin = out.size();
  // As most frames are of such a length, room is kept for a header of that kind.
  constexpr std::size_t usual_header = 4;
  out.append(usual_header, '\0');
  write(out);
  const std::size_t payload = out.size() - begin - usual_header;
  const auto header = make_header(opcode::text, payload);
  out.replace(begin, usual_header, std::string_view{header});
}

std::string whole(std::string payload) {
  const auto header = make_header(opcode::text, payload.size());
  payload.insert(0, std::string_view{header});
  return payload;
}

// An answer's beginning: its type, and its ref where it has one.
std::string begin_answer(std::string_view type, const std::optional<std::string>& ref) {
  std::string text = fmt::format("{{\"type\":\"{}\"", type);
  if (ref) append_string(text, ",\"ref\":", *ref);
  return text;
}

void append_change(std::pmr::string& out, std::string_view type, std::uint64_t id, std::string_view name) {
  append_frame(out, [&](std::pmr::string& to) {
    to += type;
    append_member(to, id, name);
    to += '}';
  });
}

}  // namespace

std::string id_of(std::uint64_t member) { return fmt::format("c{}", member); }

void append_message(std::pmr::string& out, const message& m) {
  if (m.binary) {
    out += make_header(opcode::binary, m.text.size());
    out += m.text;
    return;
  }
  append_frame(out, [&](std::pmr::string& to) {
    to += "{\"type\":\"message\",";
    append_fields(to, m);
  });
}

void append_join(std::pmr::string& out, std::uint64_t id, std::string_view name) { append_change(out, "{\"type\":\"join\",", id, name); }

void append_leave(std::pmr::string& out, std::uint64_t id, std::string_view name) { append_change(out, "{\"type\":\"leave\",", id, name); }

void append_presence(std::pmr::string& out, std::size_t members) {
  append_frame(out, [&](std::pmr::string& to) {
    append_number(to, "{\"type\":\"presence\",\"members\":", members);
    to += '}';
  });
}

std::string make_welcome(const welcome& w) {
  std::string text = "{\"type\":\"welcome\",";
  append_member(text, w.id, w.name);
  append_string(text, ",\"room\":", w.room);
  append_string(text, ",\"epoch\":", w.epoch);
  append_number(text, ",\"seq\":", w.seq);
  text += w.recovered ? ",\"recovered\":true" : ",\"recovered\":false";
  append_number(text, ",\"members\":", w.members);
  append_string(text, ",\"key\":", w.key);
  text += '}';
  return whole(std::move(text));
}

std::string make_ack(std::string_view ref, std::uint64_t seq) {
  std::string text = begin_answer("ack", std::string{ref});
  append_number(text, ",\"seq\":", seq);
  text += '}';
  return whole(std::move(text));
}

std::string make_error(const fault& f) {
  std::string text = begin_answer("error", f.ref);
  append_string(text, ",\"code\":", f.code);
  append_string(text, ",\"message\":", f.message);
  if (f.retry_after) append_number(text, ",\"retry_after_ms\":", static_cast<std::uint64_t>(f.retry_after->count()));
  text += '}';
  return whole(std::move(text));
}

std::string make_gap(std::uint64_t from, std::uint64_t to) { return whole(fmt::format("{{\"type\":\"gap\",\"from\":{},\"to\":{}}}", from, to)); }

std::string make_goodbye(std::string_view reason, std::chrono::milliseconds retry_after) {
  return whole(fmt::format("{{\"type\":\"goodbye\",\"reason\":\"{}\",\"retry_after_ms\":{}}}", reason, retry_after.count()));
}

members_writer::members_writer(const std::optional<std::string>& ref) : head_(begin_answer("members", ref)) {}

void members_writer::add(std::uint64_t id, std::string_view name) {
  list_ += list_.empty() ? "{" : ",{";
  append_member(list_, id, name);
  list_ += '}';
}

std::string members_writer::finish(std::size_t count) {
  append_number(head_, ",\"count\":", count);
  return whole(fmt::format("{},\"members\":[{}]}}", head_, list_));
}

history_writer::history_writer(const std::optional<std::string>& ref) : text_(begin_answer("history", ref) + ",\"messages\":[") {}

void history_writer::add(const message& m) {
  text_ += text_.back() == '[' ? "{" : ",{";
  append_fields(text_, m);
}

std::string history_writer::finish(bool complete) {
  text_ += complete ? "],\"complete\":true}" : "],\"complete\":false}";
  return whole(std::move(text_));
}

namespace {

// Reads a command's fields one by one; the first that is wrong is remembered.
class fields {
 public:
  explicit fields(const bjson::object& o) : object_(o) {
    const auto* const v = o.if_contains("ref");
    if (!v) return;
    const auto* const text = v->if_string();
    if (text && text->size() <= longest_ref && is_utf8(*text))
      ref_ = std::string{std::string_view{*text}};
    else
      fail("ref is a string of at most 64 bytes");
  }

  std::string text(std::string_view name) {
    const auto* const v = object_.if_contains(name);
    const auto* const text = v ? v->if_string() : nullptr;
    if (text && is_utf8(*text)) return std::string{std::string_view{*text}};
    fail(fmt::format("{} is a string", name));
    return {};
  }

  bool flag(std::string_view name, bool otherwise) {
    const auto* const v = object_.if_contains(name);
    if (!v) return otherwise;
    if (const auto* const flag = v->if_bool()) return *flag;
    fail(fmt::format("{} is true or false", name));
    return otherwise;
  }

  std::uint64_t number(std::string_view name, std::uint64_t otherwise) {
    const auto* const v = object_.if_contains(name);
    if (!v) return otherwise;
    if (const auto* const small = v->if_int64(); small && *small >= 0) return static_cast<std::uint64_t>(*small);
    if (const auto* const large = v->if_uint64()) return *large;
    fail(fmt::format("{} is a whole number, at least 0", name));
    return otherwise;
  }

  const std::optional<std::string>& ref() const noexcept { return ref_; }
  std::optional<fault> wrong() const { return fault_.empty() ? std::optional<fault>{} : fault{.ref = ref_, .code = "bad_field", .message = fault_}; }

 private:
  void fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }

  const bjson::object& object_;
  std::optional<std::string> ref_;
  std::string fault_;
};

command command_of(const bjson::object& o) {
  fields f{o};
  const std::string type = f.text("type");
  command c;
  if (type == "message") {
    c = say{.text = f.text("text"), .ref = f.ref(), .echo = f.flag("echo", true)};
  } else if (type == "members") {
    c = members_request{.ref = f.ref()};
  } else if (type == "history") {
    const auto before = f.number("before", std::numeric_limits<std::uint64_t>::max());
    const auto limit = f.number("limit", history_request::usual_limit);
    c = history_request{.ref = f.ref(), .before = before, .limit = std::clamp<std::size_t>(limit, 1, history_request::largest_limit)};
  } else if (!f.wrong()) {
    return fault{.ref = f.ref(), .code = "unknown_type", .message = "type is message, members or history"};
  }
  if (auto wrong = f.wrong()) return std::move(*wrong);
  return c;
}

}  // namespace

command parse(std::string_view frame) {
  std::array<unsigned char, 2048> space;
  bjson::monotonic_resource memory{space.data(), space.size()};
  bjson::parse_options limits;
  limits.max_depth = 8;
  boost::system::error_code ec;
  const bjson::value read = bjson::parse(frame, ec, &memory, limits);
  if (ec) return fault{.code = "bad_json", .message = "a frame is one JSON object: " + ec.message()};
  const auto* const object = read.if_object();
  if (!object) return fault{.code = "bad_json", .message = "a frame is one JSON object"};
  return command_of(*object);
}

}  // namespace roomcast::wire::json
