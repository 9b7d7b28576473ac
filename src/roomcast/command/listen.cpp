#include "roomcast/command/commands.hpp"
#include "roomcast/command/conversation.hpp"
#include "roomcast/command/tool.hpp"
#include "roomcast/escape.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace roomcast::command {

int listen(words w) {
  std::string url;
  std::uint64_t count = 0;
  bool reconnect = false;
  CLI::App app{"Joins a room and prints each message on a line of its own.", "roomcast listen"};
  app.add_option("URL", url, "ws://host:port/chat/ROOM")->required();
  app.add_option("--count", count, "End after so many messages")->type_name("N")->check(CLI::PositiveNumber);
  app.add_flag("--reconnect", reconnect, "Come back when the connection is lost");
  int status = 0;
  const auto where = parse_tool(app, url, w, status);
  if (!where) return status;

  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  conversation talk{"listen", *where, reconnect};
  std::uint64_t printed = 0;
  const auto flush = [&talk] {
    if (std::fflush(stdout) == 0) return;
    if (errno == EPIPE) return talk.finish();  // who reads has read enough
    talk.fail(fmt::format("cannot write: {}", std::strerror(errno)));
  };
  talk.on_text = [&](const std::string& text) {
    if (count != 0 && printed == count) return;  // what came while we said goodbye
    const std::string line = (terminal ? escape(text) : text) + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
    if (++printed != count) return;
    flush();
    talk.finish();
  };
  talk.on_sent = flush;  // a reader of the pipe sees what there is as soon as no more is at hand
  return talk.run();
}

}  // namespace roomcast::command
