#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The standards once more, as plainly as can be and without a line of the server's: what it does is compared with this.

namespace roomcast::fuzz {

/// RFC 3629, section 4.
bool is_valid_utf8(std::string_view text);

/// Whether something could follow `text` that makes it valid.
bool is_start_of_utf8(std::string_view text);

struct frame_header;

struct server_frame {
  unsigned opcode = 0;
  std::string payload;
};

struct message {
  bool binary = false;
  std::string bytes;

  bool operator==(const message&) const = default;
};

/// Takes the frame at the front of `bytes`; nothing where it is not whole yet. Checks that it is one that a server may send
/// here: not masked, not fragmented, no reserved bit, the shortest length, and valid by its opcode.
std::optional<server_frame> take_server_frame(std::string_view& bytes);

/// What RFC 6455 and a server's limits make of a client's bytes, whatever the pieces they come in.
class client_stream {
 public:
  struct limits {
    std::size_t max_message_size, max_fragments;
    bool takes_binary;
  };

  explicit client_stream(limits l) : limits_(l) {}

  void feed(std::string_view bytes);

  /// The whole messages before the end.
  const std::vector<message>& messages() const { return messages_; }

  /// The code that the stream must be closed with: for its violation, or its own Close's; 0 where it goes on.
  unsigned code() const { return code_; }

  /// Whether the frame that `code` is for has come whole: a server may wait for that.
  bool is_certain() const { return certain_; }

  /// Whether a server may see already that the frame that is not whole yet cannot become valid UTF-8.
  bool has_invalid_rest() const;

 private:
  bool take_frame();
  unsigned fault(const frame_header& h) const;
  void take_data(const frame_header& h, const std::string& payload);
  void take_close(const std::string& payload);
  bool may_go_on(std::string_view text, bool whole) const;
  bool end(unsigned code, bool certain);

  const limits limits_;
  std::string bytes_;
  std::size_t at_ = 0;
  message message_;
  std::size_t fragments_ = 0;  // of `message_`; 0 between messages
  std::vector<message> messages_;
  unsigned code_ = 0;
  bool certain_ = false;
};

}  // namespace roomcast::fuzz
