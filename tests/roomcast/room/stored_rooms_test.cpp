#include "json_frames.hpp"
#include "manual_store.hpp"
#include "stage.hpp"

#include <boost/system/errc.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

using namespace roomcast;
using namespace std::chrono_literals;
using test::masked_text;
using test::of_type;
using test::say;
using test::take_frames;
using test::texts;

namespace {

using strings = std::vector<std::string>;

const error_code disk_full = make_error_code(boost::system::errc::no_space_on_device);

// A server, and the disk that outlives it.
struct stored {
  explicit stored(options o = {}, std::size_t lanes = 1, std::shared_ptr<test::manual_disk> d = std::make_shared<test::manual_disk>())
      : disk(std::move(d)), stage(std::move(o), lanes, std::make_unique<test::manual_store>(disk)) {}

  void store_next(error_code failure = {}) {
    disk->store_next(failure);
    stage.settle();
  }

  // What waits, and what comes when that is stored.
  void store_all() {
    while (disk->waiting() != 0) store_next();
  }

  std::shared_ptr<test::manual_disk> disk;
  test::stage stage;
};

boost::json::object welcome_of(const test::json_frames& all) {
  const auto found = of_type(all, "welcome");
  REQUIRE(found.size() == 1);
  return found.front();
}

}  // namespace

TEST_CASE("a message is stored, and then acknowledged and heard") {
  for (const std::size_t lanes : {1u, 2u}) {
    stored s{{}, lanes};
    auto ada = s.stage.join_json("/chat?name=ada");
    auto bob = s.stage.join("/chat?name=bob");
    s.store_all();
    take_frames(ada);
    say(ada, "hi", R"(,"ref":"r")");
    REQUIRE(s.disk->waiting() == 1);
    CHECK(take_frames(ada).empty());
    CHECK(bob.take().empty());
    s.store_next();
    CHECK(bob.take_texts() == strings{"[ada] hi"});
    const auto heard = take_frames(ada);
    CHECK(texts(heard) == strings{"hi"});
    CHECK(of_type(heard, "ack").size() == 1);
    CHECK(s.stage.count().stored == 1);
    REQUIRE(s.disk->rooms.at("lobby").records.size() == 1);
    CHECK(s.disk->rooms.at("lobby").records[0].text == "hi");
  }
}

TEST_CASE("what is said while a batch is being stored is stored at once") {
  stored s;
  auto ada = s.stage.join("/chat?name=ada");
  ada.send(masked_text("one"));
  ada.send(masked_text("two"));
  ada.send(masked_text("three"));
  CHECK(s.disk->waiting() == 1);
  s.store_next();
  CHECK(ada.take_texts() == strings{"[ada] one"});
  CHECK(s.disk->waiting() == 1);
  s.store_next();
  CHECK(ada.take_texts() == strings{"[ada] two", "[ada] three"});
  CHECK(s.disk->waiting() == 0);
}

TEST_CASE("what cannot be stored nobody hears, and its senders are told") {
  for (const std::size_t lanes : {1u, 3u}) {
    stored s{{}, lanes};
    auto ada = s.stage.join_json("/chat?name=ada");
    auto bob = s.stage.join("/chat?name=bob");
    auto eve = s.stage.join_json("/chat?name=eve");
    s.store_all();
    take_frames(ada);
    take_frames(eve);
    say(ada, "one", R"(,"ref":"r1")");
    s.store_next(disk_full);
    bob.send(masked_text("two"));
    s.store_next(disk_full);
    const auto told = take_frames(ada);
    REQUIRE(told.size() == 1);
    CHECK(test::string(told[0], "type") == "error");
    CHECK(test::string(told[0], "ref") == "r1");
    CHECK(test::string(told[0], "code") == "not_stored");
    CHECK(test::string(told[0], "message") == "it cannot be stored: " + disk_full.message());
    CHECK(bob.take_texts() == strings{"[server] your message cannot be stored, and nobody gets it: " + disk_full.message()});
    CHECK(take_frames(eve).empty());
    CHECK(s.stage.count().not_stored == 2);
    // It heals.
    say(ada, "three", R"(,"ref":"r3")");
    s.store_all();
    CHECK(bob.take_texts() == strings{"[ada] three"});
    CHECK(of_type(take_frames(ada), "ack").size() == 1);
    const auto heard = of_type(take_frames(eve), "message");
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].at("seq") == 3);
  }
}

TEST_CASE("joins and leaves beside what cannot be stored are told all the same") {
  stored s;
  auto ada = s.stage.join_json("/chat?name=ada");
  auto bob = s.stage.join("/chat?name=bob");
  s.store_all();
  take_frames(ada);
  bob.send(masked_text("one"));
  bob.send(masked_text("two"));
  auto eve = s.stage.join("/chat?name=eve");
  bob.send(masked_text("three"));
  s.store_next(disk_full);
  s.store_next(disk_full);
  const auto all = take_frames(ada);
  REQUIRE(all.size() == 1);
  CHECK(test::string(all[0], "type") == "join");
  CHECK(test::string(all[0], "name") == "eve");
  CHECK(eve.take().empty());
  CHECK(bob.take_texts().size() == 2);
}

TEST_CASE("a newcomer is told of what is stored, and hears the rest when it is") {
  for (const std::size_t lanes : {1u, 2u}) {
    stored s{{}, lanes};
    auto ada = s.stage.join("/chat?name=ada");
    ada.send(masked_text("one"));
    s.store_next();
    ada.send(masked_text("two"));  // is being stored, and was not written in JSON
    ada.send(masked_text("three"));
    auto bob = s.stage.join_json("/chat?name=bob");
    auto all = take_frames(bob);
    CHECK(welcome_of(all).at("seq") == 1);
    CHECK(texts(all).empty());
    s.store_all();
    CHECK(texts(take_frames(bob)) == strings{"two", "three"});
  }
}

TEST_CASE("one who leaves hears before what it has said") {
  for (const std::size_t lanes : {1u, 2u}) {
    stored s{{}, lanes};
    auto ada = s.stage.join("/chat?name=ada");
    auto bob = s.stage.join("/chat?name=bob");
    for (auto* who : {&ada, &bob}) {
      const auto bye = masked_text("bye");
      who->send(bye + test::masked(0x88, std::string{"\x03\xe8", 2}));
      CHECK(who->take().empty());
      s.store_all();
      CHECK(who->take_texts().front().ends_with("] bye"));
      CHECK(who->is_gone() == false);
      bob.take();
    }
    CHECK(s.stage.count().leaves == 2);
  }
}

TEST_CASE("a stop waits for what is being stored") {
  for (const std::size_t lanes : {1u, 2u}) {
    stored s{{}, lanes};
    auto ada = s.stage.join("/chat?name=ada");
    auto bob = s.stage.join_json("/chat?name=bob");
    s.store_all();
    take_frames(bob);
    ada.send(masked_text("hi"));
    const auto stopped = s.stage.stop(10s);
    s.stage.pass(100ms);
    CHECK(ada.take().empty());
    s.store_all();
    CHECK(ada.take_texts().front() == "[ada] hi");
    const auto heard = take_frames(bob);
    CHECK(texts(heard) == strings{"hi"});
    CHECK(of_type(heard, "goodbye").size() == 1);
    ada.end();
    bob.end();
    s.stage.pass(200ms);
    CHECK(*stopped);
  }
}

TEST_CASE("a stop does not wait for a store for ever") {
  stored s;
  auto ada = s.stage.join("/chat?name=ada");
  ada.send(masked_text("hi"));
  const auto stopped = s.stage.stop(2s);
  s.stage.pass(3s);
  CHECK(*stopped);
}

TEST_CASE("what was said is known after a restart") {
  for (const std::size_t lanes : {1u, 2u}) {
    const auto disk = std::make_shared<test::manual_disk>();
    std::string epoch, id;
    {
      stored s{{}, lanes, disk};
      auto ada = s.stage.join_json("/chat?name=ada");
      s.store_all();
      const auto welcome = welcome_of(take_frames(ada));
      epoch = test::string(welcome, "epoch");
      id = test::string(welcome, "id");
      for (const auto* text : {"one", "two", "three"}) {
        say(ada, text);
        s.store_all();
      }
    }
    stored s{{.history = 2}, lanes, disk};
    auto bob = s.stage.join_json("/chat?name=bob&since=1&epoch=" + epoch);
    auto heard = take_frames(bob);
    const auto welcome = welcome_of(heard);
    CHECK(welcome.at("recovered") == true);
    CHECK(welcome.at("seq") == 3);
    CHECK(test::string(welcome, "epoch") == epoch);
    CHECK(test::string(welcome, "id") != id);
    CHECK(texts(heard) == strings{"two", "three"});
    CHECK(test::string(of_type(heard, "message")[0], "id") == id);
    auto eve = s.stage.join("/chat?name=eve");
    CHECK(eve.take_texts() == strings{"[ada] two", "[ada] three"});
    say(bob, "four");
    s.store_all();
    CHECK(of_type(take_frames(bob), "message").front().at("seq") == 4);
    CHECK(eve.take_texts() == strings{"[bob] four"});
  }
}

TEST_CASE("one who comes back gets what only the store remembers, and nothing twice, whatever is said meanwhile") {
  for (const std::size_t lanes : {1u, 2u}) {
    stored s{{.retain_messages = 4}, lanes};
    auto ada = s.stage.join("/chat?name=ada");
    auto bob = s.stage.join_json("/chat?name=bob");
    const auto epoch = test::string(welcome_of(take_frames(bob)), "epoch");
    strings all;
    const auto speak = [&](int many) {
      for (; many > 0; --many) {
        all.push_back(fmt::format("{}", all.size() + 1));
        ada.send(masked_text(all.back()));
        s.store_all();
      }
    };
    speak(50);
    s.disk->holds_readers = true;
    auto eve = s.stage.ask("/chat?name=eve&since=7&epoch=" + epoch, "Sec-WebSocket-Protocol: roomcast.v1");
    CHECK(s.disk->reading() == 1);
    CHECK(eve.take().empty());
    speak(20);  // more than memory holds
    s.disk->serve_readers();
    s.stage.settle();
    CHECK(s.disk->reading() == 1);
    s.disk->holds_readers = false;
    s.disk->serve_readers();
    s.stage.settle();
    eve.take_head(101);
    const auto heard = take_frames(eve);
    CHECK(welcome_of(heard).at("recovered") == true);
    CHECK(texts(heard) == strings(all.begin() + 7, all.end()));
    speak(1);
    CHECK(texts(take_frames(eve)) == strings{"71"});
    CHECK(s.stage.count().resumed == 1);
  }
}

TEST_CASE("a plain newcomer is sent as many of the last messages as it is to be, wherever they are") {
  for (const std::size_t retained : {0u, 4u, 100u}) {
    stored s{{.history = 10, .retain_messages = retained}};
    auto ada = s.stage.join("/chat?name=ada");
    for (int i = 1; i <= 30; ++i) {
      ada.send(masked_text(fmt::format("{}", i)));
      s.store_all();
    }
    auto bob = s.stage.join("/chat?name=bob");
    const auto heard = bob.take_texts();
    REQUIRE(heard.size() == 10);
    CHECK(heard.front() == "[ada] 21");
    CHECK(heard.back() == "[ada] 30");
  }
}

TEST_CASE("a newcomer is sent no more than it is to be, where more is said while that is read") {
  stored s{{.history = 10, .retain_messages = 8}};
  auto ada = s.stage.join("/chat?name=ada");
  auto speak = [&, said = 0](int many) mutable {
    for (; many > 0; --many) {
      ada.send(masked_text(fmt::format("{}", ++said)));
      s.store_all();
    }
  };
  speak(30);
  s.disk->holds_readers = true;
  auto bob = s.stage.ask("/chat?name=bob");
  REQUIRE(s.disk->reading() == 1);
  speak(1);
  while (s.disk->reading() != 0) {
    s.disk->serve_readers();
    s.stage.settle();
  }
  bob.take_head(101);
  const auto heard = bob.take_texts();
  REQUIRE(heard.size() <= 10);
  CHECK(heard.back() == "[ada] 31");
  CHECK(heard.front() == fmt::format("[ada] {}", 32 - heard.size()));
}

TEST_CASE("one who has missed too much, or what cannot be read, is told so, and goes on") {
  stored s{{.max_lag = 4096, .retain_messages = 4}};
  auto ada = s.stage.join("/chat?name=ada");
  auto bob = s.stage.join_json("/chat?name=bob");
  const auto epoch = test::string(welcome_of(take_frames(bob)), "epoch");
  for (int i = 1; i <= 100; ++i) {
    ada.send(masked_text(fmt::format("{}", i)));
    s.store_all();
    take_frames(bob);
    ada.take();
  }
  auto eve = s.stage.join_json("/chat?name=eve&since=1&epoch=" + epoch);
  CHECK(welcome_of(take_frames(eve)).at("recovered") == false);
  s.disk->read_failure = make_error_code(boost::system::errc::io_error);
  auto dan = s.stage.join_json("/chat?name=dan&since=90&epoch=" + epoch);
  CHECK(welcome_of(take_frames(dan)).at("recovered") == false);
  dan.send(masked_text(R"({"type":"history","ref":"h"})"));
  const auto told = of_type(take_frames(dan), "error");
  REQUIRE(told.size() == 1);
  CHECK(test::string(told[0], "code") == "unavailable");
  CHECK(test::string(told[0], "ref") == "h");
  ada.send(masked_text("more"));
  s.store_all();
  for (auto* who : {&eve, &dan}) CHECK(texts(take_frames(*who)) == strings{"more"});
  CHECK(s.stage.count().not_resumed == 2);
}

TEST_CASE("one who has missed what the store has given up is told so, and gets the rest of it as history only") {
  stored s{{.retain_messages = 2}};
  auto ada = s.stage.join("/chat?name=ada");
  auto bob = s.stage.join_json("/chat?name=bob");
  const auto epoch = test::string(welcome_of(take_frames(bob)), "epoch");
  for (int i = 1; i <= 20; ++i) {
    ada.send(masked_text(fmt::format("{}", i)));
    s.store_all();
  }
  auto& its = s.disk->rooms.at("lobby");
  its.records.erase(its.records.begin(), its.records.begin() + 10);
  its.given_up = 10;
  auto eve = s.stage.join_json("/chat?since=9&epoch=" + epoch);
  const auto missed = take_frames(eve);
  CHECK(welcome_of(missed).at("recovered") == false);
  CHECK(texts(missed).empty());
  auto dan = s.stage.join_json("/chat?since=10&epoch=" + epoch);
  const auto got = take_frames(dan);
  CHECK(welcome_of(got).at("recovered") == true);
  CHECK(texts(got).size() == 10);
}

TEST_CASE("a room that forgets faster than its store is read lets nobody wait for ever") {
  stored s{{.retain_messages = 1}};
  auto ada = s.stage.join("/chat?name=ada");
  auto bob = s.stage.join_json("/chat?name=bob");
  const auto epoch = test::string(welcome_of(take_frames(bob)), "epoch");
  const auto speak = [&] {
    ada.send(masked_text("x"));
    s.store_all();
  };
  for (int i = 0; i < 10; ++i) speak();
  s.disk->holds_readers = true;
  auto eve = s.stage.ask("/chat?name=eve&since=1&epoch=" + epoch, "Sec-WebSocket-Protocol: roomcast.v1");
  while (s.disk->reading() != 0) {
    speak();
    speak();
    s.disk->serve_readers();
    s.stage.settle();
    REQUIRE(s.disk->reads < 20);
  }
  CHECK(eve.take().find(R"("recovered":false)") != std::string::npos);
  CHECK(s.disk->reads == 7);
}

TEST_CASE("the history is the store's, and nothing of it that is not visible") {
  for (const std::size_t lanes : {1u, 2u}) {
    stored s{{.binary = binary_policy::relay, .retain_messages = 2}, lanes};
    auto ada = s.stage.join("/chat?name=ada");
    auto bob = s.stage.join_json("/chat?name=bob");
    for (int i = 1; i <= 9; ++i) {
      ada.send(masked_text(fmt::format("{}", i)));
      s.store_all();
    }
    ada.send(test::masked(0x82, "binary"));
    s.store_all();
    ada.send(masked_text("11"));
    take_frames(bob);
    const auto ask = [&](const std::string& fields) {
      bob.send(masked_text(R"({"type":"history","ref":"h")" + fields + "}"));
      const auto found = of_type(take_frames(bob), "history");
      REQUIRE(found.size() == 1);
      strings said;
      for (const auto& m : found[0].at("messages").as_array()) said.push_back(test::string(m.as_object(), "text"));
      said.push_back(found[0].at("complete").as_bool() ? "complete" : "more");
      return said;
    };
    CHECK(ask("") == strings{"1", "2", "3", "4", "5", "6", "7", "8", "9", "complete"});
    CHECK(ask(R"(,"limit":3)") == strings{"7", "8", "9", "more"});
    CHECK(ask(R"(,"before":4)") == strings{"1", "2", "3", "complete"});
    CHECK(ask(R"(,"before":4,"limit":2)") == strings{"2", "3", "more"});
    s.store_all();
    CHECK(texts(take_frames(bob)) == strings{"11"});
    CHECK(ask(R"(,"limit":1)") == strings{"11", "more"});
  }
}

TEST_CASE("nothing more is taken while the store cannot follow") {
  stored s;
  auto ada = s.stage.join_json("/chat?name=ada");
  auto bob = s.stage.join("/chat?name=bob");
  s.store_all();
  take_frames(ada);
  s.disk->is_overloaded = true;
  say(ada, "one", R"(,"ref":"r")");
  bob.send(masked_text("two"));
  const auto told = take_frames(ada);
  REQUIRE(told.size() == 1);
  CHECK(test::string(told[0], "code") == "overloaded");
  CHECK(test::string(told[0], "ref") == "r");
  CHECK(told[0].at("retry_after_ms").as_int64() > 0);
  CHECK(bob.take_texts() == strings{"[server] your message is not taken, and nobody gets it: the store cannot follow"});
  error_code published;
  s.stage.hub().publish("lobby", "three", [&](error_code ec, receipt) { published = ec; });
  s.stage.settle();
  CHECK(published == error::overloaded);
  CHECK(s.stage.count().refused_messages == 3);
  CHECK(s.disk->waiting() == 0);
  s.disk->is_overloaded = false;
  say(ada, "four");
  s.store_all();
  CHECK(bob.take_texts() == strings{"[ada] four"});
}

TEST_CASE("senders are held while much waits to be stored, and go on afterwards") {
  for (const std::size_t lanes : {1u, 2u}) {
    stored s{{.max_message_size = 1 << 20}, lanes};
    auto ada = s.stage.join("/chat?name=ada");
    auto bob = s.stage.join("/chat?name=bob");
    const std::string large(100'000, 'x');
    for (auto* who : {&ada, &bob})
      for (int i = 0; i < 10; ++i) who->send(masked_text(large));
    CHECK(s.stage.count().messages_in < 20);
    s.store_all();
    CHECK(s.stage.count().messages_in == 20);
    CHECK(s.disk->rooms.at("lobby").records.size() == 20);
    CHECK(ada.take_texts().size() == 20);
  }
}

TEST_CASE("a published message is stored before its receipt is given") {
  stored s;
  auto ada = s.stage.join("/chat?name=ada");
  receipt got;
  error_code ec;
  int answers = 0;
  const auto publish = [&] {
    s.stage.hub().publish("lobby", "news", [&](error_code e, receipt r) {
      ec = e;
      got = r;
      ++answers;
    });
    s.stage.settle();
  };
  publish();
  CHECK(answers == 0);
  s.store_all();
  REQUIRE(answers == 1);
  CHECK_FALSE(ec);
  CHECK(got.seq == 1);
  CHECK(got.recipients == 1);
  publish();
  s.store_next(disk_full);
  CHECK(answers == 2);
  CHECK(ec == disk_full);
}

TEST_CASE("a room whose members have left is there until what they have said is stored") {
  for (const std::size_t lanes : {1u, 2u}) {
    stored s{{.retain_messages = 0}, lanes};
    {
      auto ada = s.stage.join("/chat/ops");
      auto bob = s.stage.join("/chat/ops");
      ada.send(masked_text("one"));
      bob.send(masked_text("two"));
    }
    s.stage.settle();
    CHECK(s.stage.count().members == 0);
    CHECK(s.stage.count().rooms == 1);
    s.store_all();
    s.stage.settle();
    CHECK(s.stage.count().rooms == 0);
    CHECK(s.disk->rooms.at("ops").records.size() == 2);
    CHECK(s.stage.hub().shared().memory.held() == 0);
  }
}

TEST_CASE("what is read for one who does not take it counts as its own") {
  stored s{{.retain_messages = 0}};
  auto ada = s.stage.join("/chat?name=ada");
  auto bob = s.stage.join_json("/chat?name=bob");
  const auto epoch = test::string(welcome_of(take_frames(bob)), "epoch");
  for (int i = 0; i < 100; ++i) {
    ada.send(masked_text(std::string(1000, 'x')));
    s.store_all();
    take_frames(bob);
    ada.take();
  }
  s.disk->holds_readers = true;
  auto eve = s.stage.ask("/chat?since=0&epoch=" + epoch, "Sec-WebSocket-Protocol: roomcast.v1");
  eve.set_window(100);
  s.disk->serve_readers();
  s.stage.settle();
  const auto& sessions = s.stage.hub().home()->sessions();
  CHECK(std::prev(sessions.end())->own_memory() > 50'000);
  eve.set_window(std::string::npos);
  CHECK(std::prev(sessions.end())->own_memory() == 0);
}
