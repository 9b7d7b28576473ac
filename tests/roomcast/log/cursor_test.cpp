#include "roomcast/log/cursor.hpp"

#include "feed.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace roomcast;

namespace {

std::string read_all(log::cursor& c) {
  std::string read;
  while (!c.next().empty()) {
    const std::string chunk{c.next()};
    read += chunk;
    c.advance(chunk.size());
  }
  return read;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a reader that keeps up is given each batch whole and holds none") {
  test::feed feed;
  log::cursor c;
  feed.say("a");
  feed.say("b");
  c.offer(feed.show());
  CHECK(c.next() == feed.newest->batch->in(wire::encoding::text));
  c.advance(c.next().size());
  CHECK(c.caught_up());
  CHECK(feed.newest.use_count() == 1);
}

TEST_CASE("a reader that lags reads on through the chain, from where it stands") {
  test::feed feed;
  log::cursor c;
  feed.say("first");
  c.offer(feed.show());
  c.advance(3);
  feed.say("second");
  c.offer(feed.show());
  feed.say("third");
  c.offer(feed.show());
  const auto rest = read_all(c);
  CHECK(test::texts("\x81\x05" "f" + rest) == texts{"first", "second", "third"});
  CHECK(c.caught_up());
}

TEST_CASE("a newcomer begins at its position, even inside a batch") {
  test::feed feed;
  feed.say("before");
  log::cursor c{feed.log.end(), {}};
  feed.say("after");
  c.offer(feed.show());
  CHECK(test::texts(read_all(c)) == texts{"after"});
}

TEST_CASE("a newcomer at the end of a batch is not given it") {
  test::feed feed;
  feed.say("before");
  log::cursor c{feed.log.end(), {}};
  c.offer(feed.show());
  CHECK(c.caught_up());
}

TEST_CASE("a frame that is half read is told, and one that is not") {
  test::feed feed;
  log::cursor c;
  feed.say("one");
  feed.say("two");
  c.offer(feed.show());
  CHECK(c.half_read().empty());
  c.advance(2);
  CHECK(c.half_read() == "one");
  c.advance(3);
  CHECK(c.half_read().empty());
  c.advance(4);
  CHECK(c.half_read() == "o");
}

TEST_CASE("skipping moves to the newest batch and lets go of the others") {
  test::feed feed;
  log::cursor c;
  feed.say("old");
  c.offer(feed.show());
  const std::weak_ptr<log::link> old = feed.newest;
  feed.say("new");
  c.offer(feed.show());
  CHECK_FALSE(old.expired());
  c.skip_to(feed.newest);
  CHECK(old.expired());
  CHECK(test::texts(read_all(c)) == texts{"new"});
}

TEST_CASE("one's own frames are passed over, wherever they stand") {
  test::feed feed;
  log::cursor c{0, {.id = 7, .echo = false}};
  for (const auto& [text, sender] : {std::pair{"mine", 7}, {"a", 1}, {"b", 2}, {"mine", 7}, {"mine", 7}, {"c", 1}, {"mine", 7}})
    feed.say(text, static_cast<std::uint64_t>(sender));
  c.offer(feed.show());
  feed.say("mine", 7);
  c.offer(feed.show());
  feed.say("d", 1);
  c.offer(feed.show());
  CHECK(test::texts(read_all(c)) == texts{"a", "b", "c", "d"});
  CHECK(c.caught_up());
}

TEST_CASE("a batch of nothing but one's own frames leaves the reader caught up") {
  test::feed feed;
  log::cursor c{0, {.id = 7, .echo = false}};
  feed.say("mine", 7);
  c.offer(feed.show());
  CHECK(c.next().empty());
  CHECK(c.caught_up());
  CHECK(c.position() == feed.log.end());
}

TEST_CASE("a long chain ends without a deep stack") {
  test::feed feed;
  log::cursor c;
  for (int i = 0; i < 600'000 / ROOMCAST_TEST_SCALE; ++i) {
    feed.say("x");
    c.offer(feed.show());
  }
  c.detach();
  CHECK(c.caught_up());
}
