#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast {

/// What happens to a member whose lag passes `options::max_lag`.
enum class slow_reader_policy {
  close,  ///< It is closed with 4008; a frame that is half sent is finished first.
  skip,   ///< Its cursor moves to the newest batch: it misses what lies between.
};

/// What becomes of binary messages.
enum class binary_policy {
  refuse,  ///< Their sender is closed with 1003.
  relay,   ///< They go to the room as they came.
};

enum class log_level { debug, info, warning, error };

/// A request that has been answered, or, where it was let in, a member whose connection is over. The text is the peer's own,
/// but for `from`, and lasts as long as the call that tells it.
struct access_record {
  std::string_view from;    ///< the peer's address; empty where it is not known
  std::string_view method;  ///< empty where the request could not be read, as is `path`
  std::string_view path;    ///< as it came, without the query, in which there may be a key
  unsigned status = 0;      ///< of the answer

  // of a member; one of another kind than a WebSocket has no close code
  std::string_view room = {};
  std::string_view name = {};
  std::uint16_t close_code = 0;  ///< 1006 where there was no Close
  std::chrono::milliseconds duration{0};  ///< that it was a member
};

/// How a chat behaves. Sizes are bytes. The defaults suit a public server.
struct options {
  /// The route that `chat::serve` answers: `path` is the lobby, `path`/NAME is room NAME.
  std::string path = "/chat";

  /// The plain-text form of a message: `{name}`, `{text}`, `{room}`, `{seq}` and `{time}` (UTC, ISO 8601, milliseconds) are
  /// replaced; `{{` and `}}` stand for braces.
  std::string format = "[{name}] {text}";

  /// Whether a sender gets its own messages.
  bool echo = true;

  binary_policy binary = binary_policy::refuse;

  /// The name that `chat::publish` speaks under; no member can take it.
  std::string publisher = "server";

  /// Origins (`https://example.org`) whose pages may connect besides those of the same host; `*` for any. A request
  /// without an Origin is not from a page, and is let in.
  std::vector<std::string> allow_origins = {};

  /// The longest message, after reassembly; 1009 beyond.
  std::size_t max_message_size = 64 * 1024;

  /// The most frames that one message may be cut into; 1008 beyond.
  std::size_t max_fragments = 1024;

  /// The most pings and pongs a second that one connection may send, in bursts of at most one second's worth; 1008 beyond;
  /// 0 for no limit.
  std::size_t max_control_rate = 50;

  /// The most messages a second of one connection, in bursts of up to `burst`: reading from it is held back beyond, and it is
  /// closed with 1008 when that has lasted for 10 s on end. 0 for no limit; a `burst` of 0 is one second's worth, and the least
  /// is a tenth of that.
  std::size_t rate = 0;
  std::size_t burst = 0;

  /// The most handshakes a second, in bursts of at most one second's worth; 503 beyond; 0 for no limit.
  std::size_t handshake_rate = 0;

  /// The most rooms at a time; 503 beyond.
  std::size_t max_rooms = 100'000;

  /// The most members of one room; 503 beyond; 0 for no limit.
  std::size_t max_members = 0;

  /// How far a member's cursor may stand behind the end of its room's log when the next batch comes, and what happens then.
  /// Counted by what is held in memory for it: each batch weighs 448 bytes and each message some 60 more than what is sent; in a
  /// room with JSON members, or readers of events, it counts in each form that is written.
  std::size_t max_lag = 1024 * 1024;
  slow_reader_policy slow_reader = slow_reader_policy::close;

  /// SO_SNDBUF of a connection: what the kernel may hold for one reader, on top of `max_lag`; 0 for the system's own sizing.
  std::size_t send_buffer = 256 * 1024;

  /// What may be held for all members together: logs that slow readers hold on to, parts of messages, frames that wait.
  /// Beyond it the most lagging readers are let go first, with 4008, and no new member is let in, with 503. 0 for half of the
  /// machine's memory, or of its container's.
  std::size_t memory_budget = 0;

  /// A connection from which nothing has come for this long is pinged, and dropped if nothing comes for `pong_timeout`
  /// after that.
  std::chrono::milliseconds ping_interval = std::chrono::seconds{25};
  std::chrono::milliseconds pong_timeout = std::chrono::seconds{10};

  /// How long a message may take from its first byte to its last; 1008 beyond.
  std::chrono::milliseconds message_timeout = std::chrono::seconds{30};

  /// How long bytes may wait for a connection that takes none of them; it is dropped then, whatever its lag.
  std::chrono::milliseconds send_timeout = std::chrono::seconds{30};

  /// How long a closing connection has for the rest of its frames, the Close and the peer's end of stream.
  std::chrono::milliseconds close_timeout = std::chrono::seconds{5};

  /// How many messages a plain-text newcomer is sent of what its room remembers.
  std::size_t history = 0;

  /// What a room remembers of its last messages, also for a while after its last member has left, for those who ask for its
  /// history or come back after a lost connection: how many (0 for none), how much memory they may take up, and for how long.
  /// It is forgotten in parts. What is too old is told to nobody; its memory is given back when a connection next sets time going.
  std::size_t retain_messages = 256;
  std::size_t retain_bytes = 1024 * 1024;
  std::chrono::milliseconds retain_age = std::chrono::minutes{5};

  /// What all rooms together may remember; those that have been silent for longest forget first. Lanes have equal shares of it.
  std::size_t retain_total = 64 * 1024 * 1024;

  /// In rooms of up to so many members JSON members are told of each who joins or leaves; in larger ones they are told how many
  /// there are, at most once a second.
  std::size_t presence_limit = 1000;

  /// Where the library's messages go, one call a line, from any lane's thread, and until the last connection has ended;
  /// nowhere where it is empty. Must not throw.
  std::function<void(log_level, std::string_view)> log = {};

  /// What is told of each request and of each member, when it is over; nothing where it is empty. From any lane's thread, and
  /// must not throw.
  std::function<void(const access_record&)> access = {};
};

}  // namespace roomcast
