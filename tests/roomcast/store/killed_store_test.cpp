#include "roomcast/store/sqlite_store.hpp"

#include "history_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <map>
#include <random>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace roomcast;
using store::sqlite_store;
using test::batch_maker;
using test::everything;
using test::get;
using test::put;
using test::seqs;

namespace {

/// Another process, which does `what` with the end of a pipe.
class child {
 public:
  explicit child(const std::function<void(int pipe)>& what) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      what(ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() { ::close(pipe_); }

  /// The next number that it wrote; 0 after the last.
  std::uint64_t next() {
    std::uint64_t number = 0;
    return ::read(pipe_, &number, sizeof number) == sizeof number ? number : 0;
  }

  void kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_;
  int pipe_;
};

std::string room_of(std::uint64_t seq) { return seq % 3 == 0 ? "lobby" : "other"; }

// Stores messages until it is killed, and tells the number of each that is stored.
void speak(const std::filesystem::path& file, int pipe) {
  sqlite_store s{file, {}, {}};
  auto seq = std::max(s.open("lobby").seq, s.open("other").seq);
  const auto tell = [&](std::uint64_t told, error_code ec) {
    if (ec || ::write(pipe, &told, sizeof told) != sizeof told) ::_exit(1);
  };
  for (;;) {
    for (int i = 0; i < 20; ++i) {
      const auto next = ++seq;
      s.append(room_of(next), batch_maker{}.add(next, std::to_string(next)), [&tell, next](error_code ec) { tell(next, ec); });
    }
    test::append(s, "lobby", batch_maker{}).wait();
  }
}

}  // namespace

TEST_CASE("what was told to be stored is there after the process was killed, once and in order") {
  const test::directory directory;
  std::mt19937 random{1};
  std::map<std::string, std::vector<std::uint64_t>> told;
  for (int time = 0; time < 20; ++time) {
    child speaker{[&](int pipe) { speak(directory / "data", pipe); }};
    const auto take = [&] {
      const auto seq = speaker.next();
      if (seq != 0) told[room_of(seq)].push_back(seq);
      return seq != 0;
    };
    for (auto n = random() % 300; n > 0; --n) REQUIRE(take());
    speaker.kill();
    while (take()) {}

    test::logged log;
    sqlite_store s{directory / "data", {}, log.function()};
    for (auto& [room, seqs] : told) {
      const auto found = get(s, room, everything);
      const auto all = found.seqs();
      CHECK(std::is_sorted(all.begin(), all.end()));
      CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
      CHECK(std::includes(all.begin(), all.end(), seqs.begin(), seqs.end()));
      CHECK(all.size() <= seqs.size() + 20);
      CHECK(s.open(room).seq == (all.empty() ? 0 : all.back()));
      for (const auto& r : found.records) CHECK(r.text == std::to_string(r.seq));
      seqs = all;  // what was stored and not told remains as well
    }
    for (const auto& line : log.lines()) CHECK(line.first == log_level::info);
  }
}

TEST_CASE("the system's limit on a file is a full disk, and heals") {
  const test::directory directory;
  child limited{[&](int pipe) {
    std::signal(SIGXFSZ, SIG_IGN);
    sqlite_store s{directory / "data", {}, {}};
    const auto tell = [&](bool right) {
      const std::uint64_t told = right ? 1 : 2;
      if (::write(pipe, &told, sizeof told) != sizeof told) ::_exit(1);
    };
    tell(!put(s, "lobby", 1, 1));
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 256 * 1024;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    tell(put(s, "lobby", batch_maker{}.add(2, std::string(1 << 20, 'x'))) == boost::system::errc::no_space_on_device);
    tell(!put(s, "lobby", 3, 3));  // there is room for it
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    tell(!put(s, "lobby", batch_maker{}.add(4, std::string(1 << 20, 'x'))));
    tell(get(s, "lobby", everything).seqs() == std::vector<std::uint64_t>{1, 3, 4});
  }};
  for (int i = 0; i < 5; ++i) CHECK(limited.next() == 1);
  CHECK(limited.wait() == 0);
}
