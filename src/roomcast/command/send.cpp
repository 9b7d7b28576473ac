#include "roomcast/command/commands.hpp"
#include "roomcast/command/conversation.hpp"
#include "roomcast/command/tool.hpp"
#include "roomcast/utf8.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::command {
namespace {

// Sends standard input line by line, as fast as the server takes it.
class line_sender {
 public:
  explicit line_sender(conversation& talk)
      : talk_(talk), flags_(::fcntl(STDIN_FILENO, F_GETFL)), input_(talk.context(), ::dup(STDIN_FILENO)) {}
  line_sender(const line_sender&) = delete;
  line_sender& operator=(const line_sender&) = delete;
  ~line_sender() { ::fcntl(STDIN_FILENO, F_SETFL, flags_); }  // a terminal is shared with whoever comes next

  void read() {
    // More is read only when what was read has nearly left.
    if (reading_ || ended_ || talk_.connection().unsent() > enough) return;
    reading_ = true;
    input_.async_read_some(asio::buffer(buffer_), [this](boost::system::error_code ec, std::size_t n) {
      reading_ = false;
      if (ec == asio::error::operation_aborted) return;
      take({buffer_.data(), n});
      if (ec) {
        ended_ = true;
        if (!rest_.empty()) send(std::exchange(rest_, {}));
        return talk_.finish();
      }
      read();
    });
  }

 private:
  static constexpr std::size_t enough = 64 * 1024;
  static constexpr std::size_t longest = 16 * 1024 * 1024;

  void take(std::string_view bytes) {
    for (std::size_t end; (end = bytes.find('\n')) != bytes.npos; bytes.remove_prefix(end + 1)) {
      rest_ += bytes.substr(0, end);
      send(std::exchange(rest_, {}));
    }
    rest_ += bytes;
    if (rest_.size() > longest) talk_.fail("a line is longer than 16 MiB");
  }

  void send(std::string line) {
    ++number_;
    if (is_utf8(line))
      talk_.connection().send_text(std::move(line));
    else
      fmt::print(stderr, "roomcast send: line {} is not UTF-8, and is left out\n", number_);
  }

  conversation& talk_;
  const int flags_;
  asio::posix::stream_descriptor input_;
  std::array<char, 16 * 1024> buffer_;
  std::string rest_;  // a line whose end has not come
  std::size_t number_ = 0;  // of the last line
  bool reading_ = false, ended_ = false;
};

}  // namespace

int send(words w) {
  std::string url;
  std::vector<std::string> text;
  CLI::App app{"Sends a message, or standard input, a message a line.", "roomcast send"};
  app.add_option("URL", url, "ws://host:port/chat/ROOM")->required();
  app.add_option("TEXT", text, "The message; without it, standard input");
  int status = 0;
  const auto where = parse_tool(app, url, w, status);
  if (!where) return status;

  conversation talk{"send", *where, false};
  talk.must_deliver = true;
  if (!text.empty()) {
    const std::string message = fmt::format("{}", fmt::join(text, " "));
    if (!is_utf8(message)) {
      fmt::print(stderr, "roomcast send: the text is not UTF-8\n");
      return 2;
    }
    talk.on_open = [&talk, message] {
      talk.connection().send_text(message);
      talk.finish();
    };
    return talk.run();
  }
  line_sender lines{talk};
  talk.on_open = talk.on_sent = [&] { lines.read(); };
  return talk.run();
}

}  // namespace roomcast::command
