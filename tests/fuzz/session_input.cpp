#include "session_input.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::fuzz {
namespace {

// More than one of the server's reads takes, and, as a long name comes before each message, more than a room may hide; but
// little enough for hundreds of inputs a second. A repeated frame counts for more than its bytes, and pieces are few.
constexpr std::size_t most_bytes = 80 * 1024;
constexpr std::size_t repetition = 16;
constexpr std::size_t most_pieces = 200;

class reader {
 public:
  explicit reader(std::string_view input) : input_(input) {}

  std::vector<action> all() {
    while (!input_.empty()) {
      const char c = next();
      if (c == '\\' && !input_.empty())
        obey(next());
      else
        write(1, c);
    }
    send();
    return std::move(actions_);
  }

 private:
  char next() {
    const char c = input_.front();
    input_.remove_prefix(1);
    return c;
  }

  std::size_t number() { return input_.empty() ? 0 : static_cast<unsigned char>(next()); }

  void write(std::size_t times, char c) {
    (in_frame_ ? payload_ : chunk_).append(std::min(times, left_), c);
    left_ -= std::min(times, left_);
  }

  void end_frame() {
    if (!std::exchange(in_frame_, false)) return;
    frame_ = client_frame(first_, std::exchange(payload_, {}));
    chunk_ += frame_;
  }

  void send() { send(most_bytes); }

  void send(std::size_t piece) {
    end_frame();
    piece = std::max(piece, chunk_.size() / most_pieces + 1);
    if (!chunk_.empty()) actions_.push_back({action::kind::send, std::exchange(chunk_, {}), piece});
  }

  void act(action::kind what, std::size_t n = 0) {
    send();
    actions_.push_back({what, {}, n});
  }

  void repeat(std::size_t times) {
    end_frame();
    for (; times > 0 && frame_.size() + repetition <= left_; --times) {
      chunk_ += frame_;
      left_ -= frame_.size() + repetition;
    }
  }

  void obey(char command) {
    using kind = action::kind;
    switch (command) {
      case 'f':
        end_frame();
        in_frame_ = true;
        first_ = static_cast<unsigned char>(number());
        break;
      case 'l': write(256 * number(), 'x'); break;
      case 'a': {
        const auto n = number();
        repeat(n * n);
        break;
      }
      case '.': send(); break;
      case 'd': send(number()); break;
      case 't': act(kind::pass, number()); break;
      case 'w': act(kind::narrow, number()); break;
      case 'r': act(kind::read); break;
      case 'b': act(kind::speak); break;
      case 'e': act(kind::end); break;
      case 's': act(kind::stop); break;
      default: write(1, command);
    }
  }

  std::string_view input_;
  std::vector<action> actions_;
  std::string chunk_, frame_, payload_;
  std::size_t left_ = most_bytes;
  unsigned char first_ = 0;
  bool in_frame_ = false;
};

}  // namespace

std::string client_frame(unsigned char first, std::string_view payload) {
  constexpr std::string_view mask = "\x5a\x81\xff\x13";
  std::string frame{static_cast<char>(first)};
  const std::size_t extra = payload.size() < 126 ? 0 : payload.size() < 65536 ? 2 : 8;
  frame += static_cast<char>(0x80u | (extra == 0 ? payload.size() : extra == 2 ? 126 : 127));
  for (std::size_t i = extra; i-- > 0;) frame += static_cast<char>(payload.size() >> (8 * i) & 0xff);
  frame += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  return frame;
}

std::vector<action> read_actions(std::string_view input) { return reader{input}.all(); }

}  // namespace roomcast::fuzz
