#include "roomcast/command/commands.hpp"
#include "roomcast/command/conversation.hpp"
#include "roomcast/command/resumption.hpp"
#include "roomcast/command/tool.hpp"
#include "roomcast/connection/handshake.hpp"
#include "roomcast/escape.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

namespace roomcast::command {

int listen(words w) {
  std::string url;
  std::uint64_t count = 0;
  bool reconnect = false, as_json = false;
  std::optional<std::uint64_t> since;
  std::string epoch;
  CLI::App app{"Joins a room and prints each message on a line of its own.", "roomcast listen"};
  app.add_option("URL", url, "ws://host:port/chat/ROOM")->required();
  app.add_option("--count", count, "End after so many messages")->type_name("N")->check(CLI::PositiveNumber);
  app.add_flag("--reconnect", reconnect, "Come back when the connection is lost");
  auto* const json = app.add_flag("--json", as_json, "Speak roomcast.v1, and print each of its JSON objects as it came");
  auto* const from = app.add_option("--since", since, "Begin with what was said after message SEQ")->type_name("SEQ")->needs(json);
  from->check([](const std::string& value) {  // CLI11 takes -1 for a large number
    return value.starts_with('-') ? fmt::format("{} is not a sequence number", value) : std::string{};
  });
  from->needs(app.add_option("--epoch", epoch, "The epoch that SEQ is of, as a welcome tells it")->type_name("E")->needs(from));
  int status = 0;
  const auto where = parse_tool(app, url, w, status);
  if (!where) return status;

  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  conversation talk{"listen", *where, reconnect};
  std::uint64_t messages = 0;
  resumption place{since ? std::optional{resumption::point{*since, epoch}} : std::nullopt};
  if (as_json) {
    talk.subprotocol = json_subprotocol;
    talk.parameters = [&place] { return place.query(); };
    talk.retry_after = [&place] { return place.take_retry_after(); };
  }
  const auto is_message = [&](const std::string& text) {
    if (!as_json) return true;
    const auto type = place.met(text);
    if (type == resumption::frame_type::welcome && place.has_lost())
      fmt::print(stderr, "roomcast listen: what was said meanwhile is lost: the server does not remember it\n");
    return type == resumption::frame_type::message;
  };
  const auto flush = [&talk] {
    if (std::fflush(stdout) == 0) return;
    if (errno == EPIPE) return talk.finish();  // who reads has read enough
    talk.fail(fmt::format("cannot write: {}", std::strerror(errno)));
  };
  talk.on_text = [&](const std::string& text) {
    if (count != 0 && messages == count) return;  // what came while we said goodbye
    const std::string line = (terminal ? escape(text) : text) + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
    if (!is_message(text) || ++messages != count) return;
    flush();
    talk.finish();
  };
  talk.on_sent = flush;  // a reader of the pipe sees what there is as soon as no more is at hand
  return talk.run();
}

}  // namespace roomcast::command
