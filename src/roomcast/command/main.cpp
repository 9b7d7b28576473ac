#include "roomcast/command/commands.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <string_view>
#include <utility>

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may go away
  namespace command = roomcast::command;
  using entry = std::pair<std::string_view, int (*)(command::words)>;
  constexpr std::array commands{entry{"serve", command::serve}, entry{"listen", command::listen}, entry{"send", command::send},
                                entry{"script", command::script}};
  const command::words words{argv, static_cast<std::size_t>(argc)};
  if (words.size() > 1)
    for (const auto& [name, run] : commands)
      if (name == words[1]) return run(words.subspan(1));
  return command::serve(words);
}
