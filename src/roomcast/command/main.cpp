#include "roomcast/command/commands.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string_view>
#include <utility>

namespace {

// Where one of the three is closed, a socket would take its number.
void open_standard_streams() {
  int fd = 0;
  do fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may go away
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a disk that is full
  open_standard_streams();
  namespace command = roomcast::command;
  using entry = std::pair<std::string_view, int (*)(command::words)>;
  constexpr std::array commands{entry{"serve", command::serve}, entry{"listen", command::listen}, entry{"send", command::send},
                                entry{"script", command::script}, entry{"load", command::load}};
  const command::words words{argv, static_cast<std::size_t>(argc)};
  if (words.size() > 1)
    for (const auto& [name, run] : commands)
      if (name == words[1]) return run(words.subspan(1));
  return command::serve(words);
}
