#include "roomcast/chat.hpp"

#include "application.hpp"
#include "ws_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace roomcast;
using namespace std::chrono_literals;
using boost::asio::use_future;
using test::application;
using test::ws_client;

namespace {

// An exception that crosses threads in a future is a race to the thread sanitizer, which does not see into libstdc++.
error_code failure_of(chat& c, const std::string& room, const std::string& text) {
  std::promise<error_code> answer;
  c.publish(room, text, [&](error_code ec, receipt) { answer.set_value(ec); });
  return answer.get_future().get();
}

}  // namespace

TEST_CASE("clients of Beast's talk through an application that embeds the chat") {
  application app;
  ws_client ada{app.port(), "/chat?name=ada"};
  ws_client user{app.port()};
  ada.send("hello");
  CHECK(ada.receive() == "[ada] hello");
  CHECK(user.receive() == "[ada] hello");
  user.send("hi");
  CHECK(ada.receive() == "[user0] hi");
}

TEST_CASE("a handshake that is refused gets its status") {
  application app;
  ws_client ada{app.port(), "/chat?name=ada"};
  const auto status = [&](const char* target) {
    try {
      ws_client{app.port(), target};
    } catch (const test::refused& e) {
      return e.status;
    }
    return 101u;
  };
  CHECK(status("/chat?name=ada") == 409);
  CHECK(status("/elsewhere") == 404);
  CHECK(status("/chat?name=user1") == 400);
}

TEST_CASE("what the application publishes, everybody in the room hears") {
  application app;
  ws_client ada{app.port(), "/chat/ops?name=ada"}, bob{app.port(), "/chat/ops?name=bob"}, other{app.port()};
  REQUIRE(app.wait_until([](const counters& c) { return c.members == 3; }));
  const auto first = app.chat().publish("ops", "deploy finished", use_future).get();
  CHECK(first.recipients == 2);
  CHECK(ada.receive() == "[server] deploy finished");
  CHECK(bob.receive() == "[server] deploy finished");
  CHECK(app.chat().publish("ops", "again", use_future).get().seq > first.seq);
  CHECK(other.hears_nothing_for(50ms));
}

TEST_CASE("publishing to a room without members is fine, and leaves no room behind where nothing is remembered") {
  application app{{.retain_messages = 0}};
  CHECK(app.chat().publish("empty", "hello", use_future).get().recipients == 0);
  CHECK(app.wait_until([](const counters& c) { return c.rooms == 0; }));
}

TEST_CASE("publishing says what is wrong") {
  application app{{.max_message_size = 1000, .max_rooms = 1}};
  ws_client ada{app.port()};
  CHECK(failure_of(app.chat(), "no such/room", "x") == error::bad_room);
  CHECK(failure_of(app.chat(), "lobby", std::string(1001, 'x')) == error::too_large);
  CHECK(failure_of(app.chat(), "lobby", "\xff") == error::not_utf8);
  CHECK(failure_of(app.chat(), "second", "x") == error::too_many_rooms);
  app.stop(100ms);
  CHECK(failure_of(app.chat(), "lobby", "x") == error::stopped);
}

TEST_CASE("publishing from many threads at once gives every message its own place") {
  application app;
  ws_client ada{app.port(), "/chat?name=ada"};
  constexpr int threads = 4, each = 200;
  std::vector<std::jthread> publishers;
  for (int t = 0; t < threads; ++t)
    publishers.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        app.chat().publish("lobby", std::to_string(t) + ":" + std::to_string(i), use_future).get();
    });
  std::vector<int> next(threads, 0);
  for (int n = 0; n < threads * each; ++n) {
    const auto text = ada.receive();
    REQUIRE(text);
    const auto said = text->substr(std::string{"[server] "}.size());
    const int t = said.at(0) - '0';
    CHECK(said.substr(2) == std::to_string(next[static_cast<std::size_t>(t)]++));
  }
}

TEST_CASE("stopping closes every member with 1012, after all that was said") {
  application app;
  ws_client ada{app.port(), "/chat?name=ada"}, bob{app.port(), "/chat?name=bob"};
  REQUIRE(app.wait_until([](const counters& c) { return c.members == 2; }));
  app.chat().publish("lobby", "last words", use_future).get();
  auto stopping = app.chat().stop(10s, use_future);
  for (ws_client* each : {&ada, &bob}) {
    CHECK(each->receive() == "[server] last words");
    CHECK_FALSE(each->receive());
    CHECK(each->close_code() == 1012);
  }
  stopping.get();
  CHECK(app.count().sessions == 0);
}

TEST_CASE("stopping ends by its deadline even if a peer ignores the close") {
  application app;
  ws_client ignorant{app.port()};
  REQUIRE(app.wait_until([](const counters& c) { return c.members == 1; }));
  CHECK(app.chat().stop(200ms, use_future).wait_for(4s) == std::future_status::ready);  // the close alone has 5 s
}

TEST_CASE("a chat that has stopped keeps no context running") {
  boost::asio::io_context context;
  chat c{context.get_executor()};
  bool stopped = false;
  c.publish("lobby", "x", [&](error_code, receipt) { c.stop(5s, [&] { stopped = true; }); });
  context.run_for(30s);
  CHECK(stopped);
  CHECK(context.stopped());
}

TEST_CASE("destroying a chat drops its connections") {
  application app;
  ws_client ada{app.port()};
  app.drop_chat();
  CHECK_FALSE(ada.receive());
}

TEST_CASE("a context that ends with members in it leaks nothing") {
  std::optional<ws_client> ada, bob;
  {
    application app;
    ada.emplace(app.port(), "/chat?name=ada");
    bob.emplace(app.port(), "/chat?name=bob");
    ada->send("hello");
    bob->receive();
    app.context().stop();
    app.drop_chat();
  }
  CHECK_FALSE(bob->receive());
}

TEST_CASE("every operation is an awaitable where no token is given") {
  application app;
  ws_client ada{app.port()};
  boost::asio::co_spawn(
      app.context(),
      [](chat& c) -> boost::asio::awaitable<void> {
        const auto r = co_await c.publish("lobby", "awaited");
        CHECK(r.seq == 1);
        const auto counted = co_await c.count();
        CHECK(counted.sessions == 1);
        co_await c.stop(200ms);
      }(app.chat()),
      use_future)
      .wait();
  CHECK(ada.receive() == "[server] awaited");
}

TEST_CASE("a thread pool serves as well as an io_context") {
  boost::asio::thread_pool pool{2};
  chat c{pool.get_executor()};
  CHECK(c.publish("lobby", "x", use_future).get().seq == 1);
  c.stop(1s, use_future).get();
  pool.join();
}

TEST_CASE("options out of range are refused by name") {
  boost::asio::io_context context;
  const auto fault = [&](options o) -> std::string {
    try {
      chat{context.get_executor(), std::move(o)};
    } catch (const option_error& e) {
      CHECK(std::string{e.what()}.starts_with(e.field()));
      return e.what();
    }
    return {};
  };
  CHECK(fault({}).empty());
  CHECK(fault({.path = "chat"}).find("path") != std::string::npos);
  CHECK(fault({.path = "/"}).find("path") != std::string::npos);
  CHECK(fault({.path = "/a\"b"}).find("path") != std::string::npos);
  CHECK(fault({.format = "{who}"}).find("unknown field") != std::string::npos);
  CHECK(fault({.max_message_size = 10}).find("max_message_size") != std::string::npos);
  CHECK(fault({.max_fragments = 0}).find("max_fragments") != std::string::npos);
  CHECK(fault({.ping_interval = 0ms}).find("ping_interval") != std::string::npos);
}
