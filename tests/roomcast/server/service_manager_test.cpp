#include "roomcast/server/service_manager.hpp"

#include "notify_socket.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include <unistd.h>

using namespace roomcast;
using namespace std::chrono_literals;

namespace {

std::string abstract_name() { return "@roomcast-test-" + std::to_string(::getpid()); }

std::string path() { return std::filesystem::temp_directory_path() / ("roomcast-notify-" + std::to_string(::getpid())); }

}  // namespace

TEST_CASE("a service manager is told, by a path or by an abstract name") {
  for (const auto& where : {path(), abstract_name()}) {
    const test::notify_socket manager{where};
    const server::service_manager told;
    told.tell("READY=1");
    CHECK(manager.next() == "READY=1");
  }
}

TEST_CASE("where there is no service manager nothing happens") {
  server::service_manager{}.tell("READY=1");
  for (const auto& where : {std::string{}, std::string{"@"}, std::string{"relative"}, "/" + std::string(200, 'x'), path()}) {
    ::setenv("NOTIFY_SOCKET", where.c_str(), 1);
    const server::service_manager nobody;
    nobody.tell("READY=1");
    ::unsetenv("NOTIFY_SOCKET");
  }
}

TEST_CASE("a sign of life is due after half the time, and only from the process that is watched") {
  const test::notify_socket manager{abstract_name()};
  const auto due = [](const std::string& limit, const std::string& process = {}) {
    test::notify_socket::set_watchdog(limit, process);
    return server::service_manager{}.watchdog();
  };
  CHECK_FALSE(server::service_manager{}.watchdog());
  CHECK(due("3000000") == 1500ms);
  CHECK_FALSE(due("0"));
  CHECK_FALSE(due("soon"));
  CHECK(due("3000000", std::to_string(::getpid())) == 1500ms);
  CHECK_FALSE(due("3000000", std::to_string(::getppid())));
}
