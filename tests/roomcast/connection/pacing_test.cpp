#include "stage.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace roomcast;
using namespace std::chrono_literals;
using test::masked;
using test::masked_text;

namespace {

std::string numbered(int first, int last) {
  std::string frames;
  for (int i = first; i < last; ++i) frames += masked_text(std::to_string(i));
  return frames;
}

}  // namespace

TEST_CASE("beyond its burst a member's messages come as fast as its rate, and all of them, in order") {
  test::stage stage{{.format = "{text}", .rate = 10, .burst = 3}};
  auto ada = stage.join("/chat?name=ada");
  auto bob = stage.join("/chat?name=bob");
  ada.send(numbered(0, 20));
  auto heard = bob.take_texts();
  CHECK(heard.size() == 3);
  stage.pass(1s);
  for (auto& text : bob.take_texts()) heard.push_back(text);
  CHECK(heard.size() >= 11);
  CHECK(heard.size() <= 14);
  stage.pass(1s);
  for (auto& text : bob.take_texts()) heard.push_back(text);
  REQUIRE(heard.size() == 20);
  for (int i = 0; i < 20; ++i) CHECK(heard[static_cast<std::size_t>(i)] == std::to_string(i));
  CHECK(stage.count().held_back > 0);
  CHECK(stage.count().closed_rate == 0);
  bob.send(masked_text("nobody else is held back"));
  CHECK(ada.take().find("nobody else") != std::string::npos);
}

TEST_CASE("a rate above the ticks of the clock is reached, whatever the burst") {
  test::stage stage{{.format = "{text}", .rate = 200, .burst = 1}};
  auto ada = stage.join("/chat?name=ada");
  ada.send(numbered(0, 1000));
  ada.take();
  stage.pass(1s);
  const auto heard = ada.take_texts().size();
  CHECK(heard >= 190);
  CHECK(heard <= 220);
}

TEST_CASE("a member that is over its rate for ten seconds on end is closed with 1008, though pings are due meanwhile") {
  test::stage stage{{.rate = 1, .ping_interval = 2s, .pong_timeout = 1s}};
  auto flooder = stage.join();
  auto bob = stage.join("/chat?name=bob");
  std::string heard;
  for (int i = 0; i < 99; ++i) {
    flooder.send(masked_text("x") + masked_text("y"));
    bob.send(masked(0x8a, ""));
    stage.pass(100ms);
  }
  CHECK(stage.count().members == 2);
  flooder.take();
  stage.pass(400ms);
  CHECK(flooder.take_close() == 1008);
  CHECK(stage.count().closed_rate == 1);
  CHECK(stage.count().members == 1);
  CHECK(bob.take_texts().size() >= 10);
  stage.pass(6s);
  CHECK(flooder.is_gone());
}

TEST_CASE("ten seconds over the rate are ten seconds, however fine the rate") {
  test::stage stage{{.rate = 100}};
  auto flooder = stage.join();
  flooder.send(numbered(0, 6000));
  stage.pass(9900ms);
  CHECK(stage.count().members == 1);
  stage.pass(300ms);
  CHECK(stage.count().closed_rate == 1);
  CHECK(stage.count().members == 0);
}

TEST_CASE("a member that is exactly at its rate is never closed for it") {
  test::stage stage{{.format = "{text}", .rate = 2, .burst = 1}};
  auto ada = stage.join();
  std::size_t heard = 0;
  for (int i = 0; i < 60; ++i) {
    ada.send(masked_text("x"));
    stage.pass(500ms);
    heard += ada.take_texts().size();
  }
  CHECK(heard >= 59);
  CHECK(stage.count().closed_rate == 0);
  CHECK(stage.count().members == 1);
}

TEST_CASE("one that is held back is woken by a stop, a drop and its own end") {
  test::stage stage{{.rate = 1}};
  auto ada = stage.join();
  auto eve = stage.join();
  ada.send(numbered(0, 5));
  eve.send(numbered(0, 5));
  eve.reset();
  stage.pass(2s);
  CHECK(stage.count().sessions <= 2);
  const auto done = stage.stop(100ms);
  stage.pass(300ms);
  CHECK(*done);
  CHECK(stage.count().sessions == 0);
}

TEST_CASE("an application may end while a member is held back") {
  auto pipe = std::make_shared<test::memory_pipe>();
  {
    asio::io_context context;
    const auto h = std::make_shared<hub>(context.get_executor(), options{.rate = 1}, lane_threading::many);
    h->serve(*h->home(), std::make_unique<test::memory_transport>(pipe, h->home()->executor()), test::upgrade_to("/chat"), numbered(0, 5), [] {});
    context.poll();
    CHECK(h->home()->count().messages_in == 1);
  }
  CHECK(pipe->server_closed);
}
