#include "roomcast/wire/json_protocol.hpp"

#include "roomcast/wire/frame.hpp"
#include "roomcast/wire/text_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <cstring>

namespace roomcast::wire::json {
namespace {

bool is_plain(char c) noexcept { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

constexpr std::uint64_t in_each_byte(unsigned char value) noexcept { return 0x0101010101010101u * value; }

// The highest bit of some byte is set where a byte is less than `limit`, which is at most 128; otherwise of none.
constexpr std::uint64_t bytes_below(std::uint64_t word, unsigned char limit) noexcept {
  return (word - in_each_byte(limit)) & ~word & in_each_byte(0x80);
}

constexpr bool is_plain(std::uint64_t word) noexcept {
  return (bytes_below(word, 0x20) | bytes_below(word ^ in_each_byte('"'), 1) | bytes_below(word ^ in_each_byte('\\'), 1)) == 0;
}

// How many bytes at the front of `text` stand for themselves in a string, RFC 8259 section 7. Most texts have no others.
std::size_t plain_length(std::string_view text) noexcept {
  std::size_t at = 0;
  for (std::uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (!is_plain(word)) break;
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

// Appends JSON to a string, piece by piece.
template <class String>
class writer {
 public:
  explicit writer(String& out) noexcept : out_(out) {}

  // JSON as it is.
  writer& operator()(std::string_view json) {
    out_ += json;
    return *this;
  }

  template <std::integral Number>
  writer& number(Number n) {
    const fmt::format_int digits{n};
    return (*this)({digits.data(), digits.size()});
  }

  writer& flag(bool b) { return (*this)(b ? "true" : "false"); }

  writer& string(std::string_view text) {
    out_ += '"';
    for (;;) {
      const std::size_t plain = plain_length(text);
      if (plain != 0) out_ += text.substr(0, plain);
      if (plain == text.size()) break;
      escape(text[plain]);
      text.remove_prefix(plain + 1);
    }
    out_ += '"';
    return *this;
  }

  // The fields of a member, and those of a message but for its type.
  writer& member(std::uint64_t id, std::string_view name) { return (*this)(R"("id":"c)").number(id)(R"(","name":)").string(name); }

  writer& fields_of(const message& m) {
    (*this)(R"("seq":)").number(m.seq)(",").member(m.id, m.name);
    return (*this)(R"(,"time":")")(iso_time{m.time}.view())(R"(","text":)").string(m.text);
  }

  writer& object_of(const message& m) { return (*this)(R"({"type":"message",)").fields_of(m)("}"); }

  // What each answer begins with.
  writer& answer(std::string_view type, const std::optional<std::string>& ref) {
    (*this)(R"({"type":")")(type)("\"");
    return ref ? (*this)(R"(,"ref":)").string(*ref) : *this;
  }

 private:
  void escape(char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out_ += R"(\")"; break;
      case '\\': out_ += R"(\\)"; break;
      case '\n': out_ += R"(\n)"; break;
      case '\r': out_ += R"(\r)"; break;
      case '\t': out_ += R"(\t)"; break;
      default: out_ += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 0xf]};
    }
  }

  String& out_;
};

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
