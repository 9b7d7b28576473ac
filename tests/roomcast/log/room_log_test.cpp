#include "roomcast/log/room_log.hpp"

#include "feed.hpp"

#include <doctest/doctest.h>

using namespace roomcast;

TEST_CASE("messages get increasing sequence numbers, across batches") {
  test::feed feed;
  CHECK(feed.say("a") == 1);
  CHECK(feed.say("b") == 2);
  feed.show();
  CHECK(feed.say("c") == 3);
}

TEST_CASE("a batch is one block of frames, with each message's place in it") {
  test::feed feed;
  feed.say("one", 7);
  feed.say("three", 8);
  const auto batch = feed.show()->batch;
  CHECK(batch->begin == 0);
  CHECK(test::texts(batch->in(wire::encoding::text)) == std::vector<std::string>{"one", "three"});
  REQUIRE(batch->entries.size() == 2);
  CHECK(batch->entries[0].seq == 1);
  CHECK(batch->message(0).sender == 7);
  CHECK(batch->entries[0].end[0] == 5);
  CHECK(batch->message(1).sender == 8);
  CHECK(batch->entries[1].end[0] == batch->in(wire::encoding::text).size());
  CHECK(batch->message(1).text == "three");
  CHECK(batch->message(1).name == "ada");
}

TEST_CASE("what is ordered, sealed and visible are three things") {
  test::feed feed;
  feed.say("aa");
  feed.say("b");
  CHECK(feed.log.end() == 2);
  CHECK(feed.log.open_bytes() == 7);
  CHECK(feed.log.visible_end() == 0);
  CHECK(feed.log.next_to_show() == nullptr);  // not while it is open

  feed.log.seal();
  feed.say("c");
  CHECK(feed.log.open_bytes() == 3);
  CHECK(feed.log.hidden_bytes() == 10);
  feed.log.seal();

  CHECK(feed.log.next_to_show()->end() == 2);  // in their order
  CHECK(feed.log.visible_end() == 0);
  feed.log.show();
  CHECK(feed.log.visible_end() == 2);
  CHECK(feed.log.next_to_show()->end() == 3);
  feed.log.show();
  CHECK(feed.log.next_to_show() == nullptr);
  CHECK(feed.log.hidden_bytes() == 0);
  CHECK(feed.log.end() == 3);
}

TEST_CASE("sealing with nothing open makes no batch") {
  test::feed feed;
  feed.log.seal();
  CHECK(feed.log.next_to_show() == nullptr);
}
