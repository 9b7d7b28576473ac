#include "roomcast/server/server.hpp"

#include "notify_socket.hpp"

#include "roomcast/server/log.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <string>
#include <thread>

#include <unistd.h>

using namespace roomcast;
using namespace std::chrono_literals;

TEST_CASE("a service manager is told when the server is ready and when it stops, and sees signs of life only while all lanes live") {
  const test::notify_socket manager{"@roomcast-server-test-" + std::to_string(::getpid())};
  test::notify_socket::set_watchdog("100000");
  server::set_log_level(log_level::warning);
  std::atomic_flag has_hung;
  std::promise<void> hangs, goes_on;
  std::promise<std::thread::id> first_lane;
  const auto first = first_lane.get_future().share();
  server::settings s;
  s.address = "127.0.0.1";
  s.port = 0;
  s.threads = 2;
  s.max_connections = 10;
  s.chat.access = [&](const access_record&) {
    if (std::this_thread::get_id() == first.get() || has_hung.test_and_set()) return;  // the other is to hang, once
    hangs.set_value();
    goes_on.get_future().wait();
  };
  server::server instance{s};
  auto ended = std::async(std::launch::async, [&] { return instance.run([&] { first_lane.set_value(std::this_thread::get_id()); }); });

  // The lanes begin side by side: which of the two comes first does not matter.
  std::string told = manager.next() + manager.next();
  CHECK(told.find("READY=1") != told.npos);
  CHECK(told.find("WATCHDOG=1") != told.npos);
  for (int i = 0; i < 3; ++i) CHECK(manager.next() == "WATCHDOG=1");

  asio::io_context io;
  // Either lane may take a connection.
  auto hung = hangs.get_future();
  for (int tries = 0; tries < 100; ++tries) {
    asio::ip::tcp::socket client{io};
    client.connect(instance.endpoint());
    asio::write(client, asio::buffer(std::string{"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"}));
    if (hung.wait_for(100ms) == std::future_status::ready) break;
  }
  REQUIRE(hung.wait_for(0s) == std::future_status::ready);
  while (!manager.next(0ms).empty()) {
  }
  manager.next(200ms);  // one may have been under way
  CHECK(manager.next(500ms) == "");
  goes_on.set_value();
  CHECK(manager.next() == "WATCHDOG=1");

  ::kill(::getpid(), SIGTERM);
  do told = manager.next();
  while (told == "WATCHDOG=1");
  CHECK(told == "STOPPING=1");
  CHECK(ended.get() == 0);
}
