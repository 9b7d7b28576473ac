#include "roomcast/wire/json_protocol.hpp"

#include "roomcast/wire/frame.hpp"
#include "roomcast/wire/json_writer.hpp"

namespace roomcast::wire::json {
namespace {

// Appends a text frame whose payload `write` writes, of about `expected` bytes: room is left for the header of such a one, as
// the right one is known only afterwards.
template <class String, class Write>
void append_frame(String& out, std::size_t expected, Write write) {
  const std::size_t begin = out.size();
  const std::size_t left = header_size(expected);
  out.append(left, '\0');
  writer to{out};
  write(to);
  const std::size_t size = out.size() - begin - left;
  if (header_size(size) != left) out.replace(begin, left, header_size(size), '\0');
  write_header(out.data() + begin, opcode::text, size);
}

template <class Write>
std::string make_frame_of(std::size_t expected, Write write) {
  std::string out;
  append_frame(out, expected, write);
  return out;
}

constexpr std::size_t short_payload = 100;
constexpr std::size_t long_payload = 200;

// A message's payload without its texts.
constexpr std::size_t message_overhead = 90;

void append_change(std::pmr::string& out, std::string_view type, std::uint64_t id, std::string_view name) {
  append_frame(out, short_payload, [&](auto& to) { to(R"({"type":")")(type)(R"(",)").member(id, name)("}"); });
}

}  // namespace

void append_message(std::pmr::string& out, const message& m) {
  if (m.binary) {
    out += make_header(opcode::binary, m.text.size());
    out += m.text;
    return;
  }
  append_frame(out, message_overhead + m.name.size() + m.text.size(), [&](auto& to) { to.object_of(m); });
}

void append_message_object(std::pmr::string& out, const message& m) { writer{out}.object_of(m); }

void append_join(std::pmr::string& out, std::uint64_t id, std::string_view name) { append_change(out, "join", id, name); }

void append_leave(std::pmr::string& out, std::uint64_t id, std::string_view name) { append_change(out, "leave", id, name); }

void append_presence(std::pmr::string& out, std::size_t members) {
  append_frame(out, short_payload, [&](auto& to) { to(R"({"type":"presence","members":)").number(members)("}"); });
}

std::string make_welcome(const welcome& w) {
  return make_frame_of(long_payload, [&](auto& to) {
    to(R"({"type":"welcome",)").member(w.id, w.name);
    to(R"(,"room":)").string(w.room)(R"(,"epoch":)").string(w.epoch);
    to(R"(,"seq":)").number(w.seq)(R"(,"recovered":)").flag(w.recovered)(R"(,"members":)").number(w.members);
    to(R"(,"key":)").string(w.key)("}");
  });
}

std::string make_ack(std::string_view ref, std::uint64_t seq) {
  return make_frame_of(short_payload, [&](auto& to) { to(R"({"type":"ack","ref":)").string(ref)(R"(,"seq":)").number(seq)("}"); });
}

std::string make_error(const fault& f) {
  return make_frame_of(long_payload, [&](auto& to) {
    to.answer("error", f.ref)(R"(,"code":)").string(f.code)(R"(,"message":)").string(f.message);
    if (f.retry_after) to(R"(,"retry_after_ms":)").number(f.retry_after->count());
    to("}");
  });
}

std::string make_gap(std::uint64_t from, std::uint64_t to_seq) {
  return make_frame_of(short_payload, [&](auto& to) { to(R"({"type":"gap","from":)").number(from)(R"(,"to":)").number(to_seq)("}"); });
}

std::string make_goodbye(std::string_view reason, std::chrono::milliseconds retry_after) {
  return make_frame_of(short_payload, [&](auto& to) {
    to(R"({"type":"goodbye","reason":)").string(reason)(R"(,"retry_after_ms":)").number(retry_after.count())("}");
  });
}

members_writer::members_writer(const std::optional<std::string>& ref) { writer{head_}.answer("members", ref); }

void members_writer::add(std::uint64_t id, std::string_view name) {
  writer{list_}(list_.empty() ? "{" : ",{").member(id, name)("}");
}

std::string members_writer::finish(std::size_t count) {
  return make_frame_of(head_.size() + list_.size(),
                       [&](auto& to) { to(head_)(R"(,"count":)").number(count)(R"(,"members":[)")(list_)("]}"); });
}

history_writer::history_writer(const std::optional<std::string>& ref) { writer{head_}.answer("history", ref); }

void history_writer::add(const message& m) {
  writer{list_}(list_.empty() ? "{" : ",{").fields_of(m)("}");
}

std::string history_writer::finish(bool complete) {
  return make_frame_of(head_.size() + list_.size(),
                       [&](auto& to) { to(head_)(R"(,"messages":[)")(list_)(R"(],"complete":)").flag(complete)("}"); });
}

}  // namespace roomcast::wire::json
