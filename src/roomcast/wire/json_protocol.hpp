#pragma once

#include "roomcast/wire/message.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// The subprotocol roomcast.v1: one JSON object a text frame, in both directions. All that is written is whole server-side
// WebSocket frames; whatever text goes into them is UTF-8. A byte of it takes up to six.

namespace roomcast::wire::json {

/// Appends a message; a binary one as it came, in a binary frame.
void append_message(std::pmr::string& out, const message& m);

/// Appends a message's object, in no frame; not of a binary one.
void append_message_object(std::pmr::string& out, const message& m);

void append_join(std::pmr::string& out, std::uint64_t id, std::string_view name);
void append_leave(std::pmr::string& out, std::uint64_t id, std::string_view name);

/// How many members there are, where they are too many to be told of one by one.
void append_presence(std::pmr::string& out, std::size_t members);

/// The first that a member hears.
struct welcome {
  std::uint64_t id = 0;
  std::string_view name;
  std::string_view room;
  std::string_view epoch;
  std::uint64_t seq = 0;
  bool recovered = false;
  std::size_t members = 0;
  std::string_view key;
};
std::string make_welcome(const welcome& w);

std::string make_ack(std::string_view ref, std::uint64_t seq);

/// What is wrong, with the `ref` of what asked for it.
struct fault {
  std::optional<std::string> ref = {};
  std::string_view code;
  std::string message;
  std::optional<std::chrono::milliseconds> retry_after = {};
};
std::string make_error(const fault& f);

/// Messages `from` to `to` are left out.
std::string make_gap(std::uint64_t from, std::uint64_t to);

std::string make_goodbye(std::string_view reason, std::chrono::milliseconds retry_after);

/// Writes the answer to a `members_request`.
class members_writer {
 public:
  explicit members_writer(const std::optional<std::string>& ref);
  void add(std::uint64_t id, std::string_view name);

  /// The frame; `count` is how many members there are, of whom the list may have only some. Once, at the end.
  std::string finish(std::size_t count);

 private:
  std::string head_, list_;
};

/// Writes the answer to a `history_request`.
class history_writer {
 public:
  explicit history_writer(const std::optional<std::string>& ref);

  /// Ascending, and no binary ones.
  void add(const message& m);

  /// The frame; `complete` tells that there is nothing before it. Once, at the end.
  std::string finish(bool complete);

 private:
  std::string head_, list_;
};

/// A message is to be sent.
struct say {
  std::string text;
  std::optional<std::string> ref = {};
  bool echo = true;  ///< its sender is sent it, too
};

/// Who is there?
struct members_request {
  std::optional<std::string> ref = {};
};

/// What was said before message `before`?
struct history_request {
  static constexpr std::size_t usual_limit = 50;
  static constexpr std::size_t largest_limit = 1000;

  std::optional<std::string> ref = {};
  std::uint64_t before = std::numeric_limits<std::uint64_t>::max();
  std::size_t limit = usual_limit;
};

using command = std::variant<say, members_request, history_request, fault>;

/// A `ref` has at most so many bytes.
inline constexpr std::size_t longest_ref = 64;

/// What a client's frame asks for; a `fault` where it is no command. Bad input is no exception. The time it takes is
/// proportional to the frame's length, and the memory to that of the strings in the result.
command parse(std::string_view frame);

/// The text of a message for a room, which is all that the object may have: `{"text":"…"}`. Otherwise like `parse`.
std::variant<std::string, fault> parse_publication(std::string_view body);

}  // namespace roomcast::wire::json
