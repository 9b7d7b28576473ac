#pragma once

#include "roomcast/wire/message.hpp"
#include "roomcast/wire/text_format.hpp"

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::wire::json {
namespace detail {

inline bool is_plain(char c) noexcept { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

constexpr std::uint64_t in_each_byte(unsigned char value) noexcept { return 0x0101010101010101u * value; }

// The highest bit of some byte is set where a byte is less than `limit`, which is at most 128; otherwise of none.
constexpr std::uint64_t bytes_below(std::uint64_t word, unsigned char limit) noexcept {
  return (word - in_each_byte(limit)) & ~word & in_each_byte(0x80);
}

constexpr bool is_plain(std::uint64_t word) noexcept {
  return (bytes_below(word, 0x20) | bytes_below(word ^ in_each_byte('"'), 1) | bytes_below(word ^ in_each_byte('\\'), 1)) == 0;
}

// How many bytes at the front of `text` stand for themselves in a string, RFC 8259 section 7. Most texts have no others.
inline std::size_t plain_length(std::string_view text) noexcept {
  std::size_t at = 0;
  for (std::uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (!is_plain(word)) break;
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

}  // namespace detail

/// Appends JSON to a string, piece by piece. Whatever text goes into it is UTF-8.
template <class String>
class writer {
 public:
  explicit writer(String& out) noexcept : out_(out) {}

  /// JSON as it is.
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
      const std::size_t plain = detail::plain_length(text);
      if (plain != 0) out_ += text.substr(0, plain);
      if (plain == text.size()) break;
      escape(text[plain]);
      text.remove_prefix(plain + 1);
    }
    out_ += '"';
    return *this;
  }

  /// The fields of a member, and those of a message but for its type.
  writer& member(std::uint64_t id, std::string_view name) { return (*this)(R"("id":"c)").number(id)(R"(","name":)").string(name); }

  writer& fields_of(const message& m) {
    (*this)(R"("seq":)").number(m.seq)(",").member(m.id, m.name);
    return (*this)(R"(,"time":")")(iso_time{m.time}.view())(R"(","text":)").string(m.text);
  }

  writer& object_of(const message& m) { return (*this)(R"({"type":"message",)").fields_of(m)("}"); }

  /// What each answer begins with.
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

}  // namespace roomcast::wire::json
