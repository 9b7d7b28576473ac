#include "roomcast/connection/outbox.hpp"

#include "feed.hpp"

#include "roomcast/wire/frame.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace roomcast;
using texts = std::vector<std::string>;

namespace {

struct fixture {
  void show(std::string_view text) {
    feed.say(text);
    out.offer(feed.show());
  }

  std::string send(std::size_t most = static_cast<std::size_t>(-1)) {
    std::string sent;
    while (!out.next().empty() && sent.size() < most) {
      const std::string chunk{out.next().substr(0, most - sent.size())};
      out.sent(chunk.size());
      sent += chunk;
    }
    return sent;
  }

  static std::string frame(std::string_view text) { return wire::make_frame(wire::opcode::text, text); }

  test::feed feed;
  outbox out{*std::pmr::get_default_resource()};
};

const std::string close = wire::make_close(1000, {});

}  // namespace

TEST_CASE_FIXTURE(fixture, "a private frame goes out between two frames of the room") {
  feed.say("one");
  feed.say("two");
  out.offer(feed.show());
  CHECK(send(3) == frame("one").substr(0, 3));
  out.add(frame("private"));
  CHECK(send() == frame("one").substr(3) + frame("private") + frame("two"));
}

TEST_CASE_FIXTURE(fixture, "a private frame that has begun is finished before the room goes on") {
  out.add(frame("private"));
  CHECK(send(4) == frame("private").substr(0, 4));
  show("room");
  CHECK(send() == frame("private").substr(4) + frame("room"));
}

TEST_CASE_FIXTURE(fixture, "of the pings that a peer does not take the answers to, the latest is answered") {
  show("one");
  send(1);
  for (int i = 0; i < 100'000; ++i) out.pong(std::to_string(i));
  CHECK(send() == frame("one").substr(1) + wire::make_frame(wire::opcode::pong, "99999"));
}

TEST_CASE_FIXTURE(fixture, "a close comes after the frame that is half sent, and nothing after it") {
  feed.say("one");
  feed.say("two");
  out.offer(feed.show());
  send(3);
  out.close(close);
  CHECK(out.closing());
  CHECK_FALSE(out.closed());
  show("three");
  out.add(frame("private"));
  out.pong("p");
  CHECK(send() == frame("one").substr(3) + close);
  CHECK(out.closed());
}

TEST_CASE_FIXTURE(fixture, "a close lets go of the log at once") {
  show("one");
  send(3);
  CHECK(feed.newest.use_count() == 2);
  out.close(close);
  CHECK(feed.newest.use_count() == 1);
}

TEST_CASE_FIXTURE(fixture, "a close after all that is visible waits for it, and for no more") {
  show("one");
  send(2);
  show("two");
  out.close_after(feed.log.visible_end(), close);
  show("three");
  CHECK(send() == frame("one").substr(2) + frame("two") + close);
  CHECK(out.closed());
}

TEST_CASE_FIXTURE(fixture, "a close after all goes at once where nothing is left") {
  show("one");
  send();
  out.close_after(feed.log.visible_end(), close);
  CHECK(send() == close);
}

TEST_CASE_FIXTURE(fixture, "the first close counts") {
  show("one");
  send(2);
  out.close_after(feed.log.visible_end(), close);
  out.close_after(0, wire::make_close(1001, {}));
  out.close(wire::make_close(1002, {}));
  CHECK(send() == frame("one").substr(2) + close);
}

TEST_CASE_FIXTURE(fixture, "skipping finishes the frame that is half sent") {
  feed.say("half");
  feed.say("lost");
  out.offer(feed.show());
  send(3);
  show("lost, too");
  show("new");
  out.skip_to(feed.newest);
  CHECK(send() == frame("half").substr(3) + frame("new"));
}

TEST_CASE_FIXTURE(fixture, "lag is what is held for the reader, without what has just come") {
  show(std::string(1000, 'a'));
  CHECK(out.lag_before(*feed.newest) == 0);
  send(2);
  show(std::string(500, 'b'));
  CHECK(out.lag_before(*feed.newest) >= 1000);
  CHECK(out.lag_before(*feed.newest) < 2000);
  show("c");
  CHECK(out.lag_before(*feed.newest) >= 1500);
  send();
  CHECK(out.lag_before(*feed.newest) == 0);
}

TEST_CASE_FIXTURE(fixture, "small messages weigh more than their bytes") {
  for (int i = 0; i < 100; ++i) show("x");
  CHECK(out.lag_before(*feed.newest) > 99 * log::batch_overhead);
}
