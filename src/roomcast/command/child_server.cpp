#include "roomcast/command/child_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace roomcast::command {
namespace {

constexpr auto patience = std::chrono::seconds{20};

}  // namespace

child_server::child_server(const std::vector<std::string>& options) {
  std::vector<std::string> words{"roomcast", "serve", "--address=127.0.0.1", "--port=0", "--log-level=warning"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (auto& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);

  int out[2];  // not for the children of other threads
  if (::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error(std::string{"cannot start a server: "} + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  const int failed = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  std::FILE* const said = ::fdopen(out[0], "r");
  pollfd first_word{.fd = out[0], .events = POLLIN, .revents = 0};
  const bool speaks = failed == 0 && ::poll(&first_word, 1, static_cast<int>(std::chrono::milliseconds{patience}.count())) == 1;
  const int read = !speaks ? 0 : std::fscanf(said, "roomcast listening on 127.0.0.1:%hu", &port_);
  std::fclose(said);
  if (failed != 0) {
    pid_ = 0;
    throw std::runtime_error(std::string{"cannot start a server: "} + std::strerror(failed));
  }
  if (read != 1) {
    const int ended = end();
    throw std::runtime_error("the server ended with status " + std::to_string(ended) + " before it listened");
  }
}

child_server::~child_server() { end(); }

void child_server::stop() {
  if (!status()) ::kill(pid_, SIGTERM);
}

std::optional<int> child_server::status() {
  int raw = 0;
  if (!status_ && ::waitpid(pid_, &raw, WNOHANG) == pid_) status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return status_;
}

int child_server::end() {
  if (pid_ == 0) return 0;
  stop();
  for (const auto deadline = std::chrono::steady_clock::now() + patience; !status();) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return *status_;
}

}  // namespace roomcast::command
