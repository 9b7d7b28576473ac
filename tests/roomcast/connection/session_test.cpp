#include "roomcast/connection/handshake.hpp"
#include "roomcast/connection/session.hpp"

#include "stage.hpp"

#include "roomcast/wire/close_code.hpp"
#include "roomcast/wire/frame.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace roomcast;
using namespace std::chrono_literals;
using test::masked;
using test::masked_text;
using texts = std::vector<std::string>;

// relaying

TEST_CASE("what a member says, every member of the room hears, with its name, the sender too") {
  test::stage stage;
  auto ada = stage.join("/chat?name=ada");
  auto user = stage.join();
  auto elsewhere = stage.join("/chat/ops");
  ada.send(masked_text("hello"));
  user.send(masked_text("hi"));
  CHECK(ada.take_texts() == texts{"[ada] hello", "[user0] hi"});
  CHECK(user.take_texts() == texts{"[ada] hello", "[user0] hi"});
  CHECK(elsewhere.take_texts().empty());
}

TEST_CASE("names are given from one counter, and only where they are taken up") {
  test::stage stage;
  auto a = stage.join();
  auto named = stage.join("/chat?name=ada");
  auto b = stage.join("/chat/ops");
  b.send(masked_text("x"));
  CHECK(b.take_texts() == texts{"[user1] x"});
}

TEST_CASE("a message said before somebody came is not for them") {
  test::stage stage;
  auto ada = stage.join("/chat?name=ada");
  ada.send(masked_text("early"));
  auto late = stage.join();
  ada.send(masked_text("late"));
  CHECK(late.take_texts() == texts{"[ada] late"});
}

TEST_CASE("messages that come together leave in one send to each member") {
  test::stage stage;
  auto ada = stage.join("/chat?name=ada");
  auto bob = stage.join("/chat?name=bob");
  const auto sends = stage.count().sends;
  std::string together;
  for (int i = 0; i < 100; ++i) together += masked_text(std::to_string(i));
  ada.send(together);
  CHECK(stage.count().sends == sends + 2);
  CHECK(bob.take_texts().size() == 100);
}

TEST_CASE("without echo a sender gets the others' messages only") {
  test::stage stage{{.echo = false}};
  auto ada = stage.join("/chat?name=ada");
  auto bob = stage.join("/chat?name=bob");
  ada.send(masked_text("1") + masked_text("2"));
  bob.send(masked_text("3"));
  CHECK(ada.take_texts() == texts{"[bob] 3"});
  CHECK(bob.take_texts() == texts{"[ada] 1", "[ada] 2"});
}

TEST_CASE("a frame in the same packet as the handshake is read") {
  test::stage stage;
  auto ada = stage.join("/chat?name=ada", masked_text("at once") + masked(0x89, "ping"));
  const auto got = ada.take();
  CHECK(got.find(std::string{"\x8a\x04ping"}) != got.npos);
  CHECK(got.find("[ada] at once") != got.npos);
}

TEST_CASE("a message that comes byte by byte, between other members' messages, is whole") {
  test::stage stage{{.format = "{text}"}};
  auto slow = stage.join();
  auto quick = stage.join();
  const auto frames = masked(0x01, "sl") + masked(0x89, "") + masked(0x00, "") + masked(0x80, "ow");
  for (const char byte : frames) {
    slow.send({&byte, 1});
    quick.send(masked_text("quick"));
  }
  const auto heard = quick.take_texts();
  CHECK(heard.size() == frames.size() + 1);
  CHECK(std::count(heard.begin(), heard.end(), "slow") == 1);
}

// before the 101

TEST_CASE("a name is taken once in a room, and free again when its bearer has left") {
  test::stage stage;
  {
    auto ada = stage.join("/chat?name=ada");
    CHECK(stage.ask("/chat?name=ada").take().starts_with("HTTP/1.1 409 "));
    stage.join("/chat/ops?name=ada");
  }
  stage.join("/chat?name=ada");
}

TEST_CASE("nobody can take the publisher's name") {
  test::stage stage;
  CHECK(stage.ask("/chat?name=server").take().starts_with("HTTP/1.1 409 "));
}

TEST_CASE("rooms and members are limited, and rooms go with their last member") {
  test::stage stage{{.max_rooms = 2, .max_members = 2}};
  {
    auto a = stage.join("/chat/a"), b = stage.join("/chat/b");
    const auto refused = stage.ask("/chat/c").take();
    CHECK(refused.starts_with("HTTP/1.1 503 "));
    CHECK(refused.find("Retry-After: ") != refused.npos);
    auto second = stage.join("/chat/a");
    CHECK(stage.ask("/chat/a").take().starts_with("HTTP/1.1 503 "));
  }
  CHECK(stage.count().rooms == 0);
  CHECK(stage.count().members == 0);
  CHECK(stage.count().sessions == 0);
  CHECK(stage.count().joins == stage.count().leaves);
  auto c = stage.join("/chat/c");
}

TEST_CASE("a request that is refused leaves nothing behind") {
  test::stage stage;
  auto refused = stage.ask("/chat", "Origin: http://evil.example");
  CHECK(refused.take().starts_with("HTTP/1.1 403 "));
  refused.end();
  CHECK(refused.is_gone());
  CHECK(stage.count().rooms == 0);
  CHECK(stage.count().sessions == 0);
  CHECK(stage.count().refused_origins == 1);
  CHECK(stage.count().refused_handshakes == 0);
}

// leaving

TEST_CASE("however a member's connection ends, the member is gone") {
  test::stage stage;
  auto peer = stage.join("/chat?name=ada");
  SUBCASE("by a close") { peer.send(masked(0x88, "\x03\xe8")); }
  SUBCASE("by the end of its stream") { peer.end(); }
  SUBCASE("by a reset in the middle of a frame") {
    peer.send(masked_text("half").substr(0, 8));
    peer.reset();
  }
  SUBCASE("by a violation") { peer.send(masked(0xf1, "x")); }
  CHECK(stage.count().members == 0);
  CHECK(stage.count().rooms == 0);
  stage.pass(6s);
  CHECK(stage.count().sessions == 0);
  CHECK(peer.is_gone());
}

TEST_CASE("a close is answered with its own code, and the connection ends with the peer's") {
  test::stage stage;
  auto ada = stage.join();
  ada.send(masked(0x88, "\x0f\xa0 bye"));
  CHECK(ada.take_close() == 4000);
  CHECK(ada.pipe().server_ended);
  CHECK_FALSE(ada.is_gone());
  ada.end();
  CHECK(ada.is_gone());
}

TEST_CASE("a member's last words come before the answer to its close, for itself and for everybody") {
  test::stage stage;
  auto ada = stage.join("/chat?name=ada");
  auto bob = stage.join("/chat?name=bob");
  ada.send(masked_text("bye") + masked(0x88, "\x03\xe8"));
  CHECK(ada.take() == std::string{"\x81\x09[ada] bye\x88\x02\x03\xe8"});
  CHECK(bob.take_texts() == texts{"[ada] bye"});
}

TEST_CASE("two origins are none") {
  test::stage stage;
  auto request = test::upgrade_to("/chat");
  request.insert("Origin", "http://example.org");
  request.insert("Origin", "http://elsewhere.example");
  CHECK(std::get<response>(examine(request.base(), {})).status == 403);
}

TEST_CASE("an offender that never closes its side is dropped after the close timeout, and holds up nobody") {
  test::stage stage;
  auto offender = stage.join();
  auto other = stage.join("/chat?name=bob");
  offender.send(masked(0x83, "x"));
  CHECK(offender.take_close() == wire::close_code::protocol_error);
  other.send(masked_text("still here"));
  CHECK(other.take_texts() == texts{"[bob] still here"});
  stage.pass(4900ms);
  offender.send(masked_text("more"));
  CHECK_FALSE(offender.is_gone());
  stage.pass(300ms);
  CHECK(offender.is_gone());
}

// what comes in

namespace {

std::uint64_t counters::*closed_with(unsigned code) {
  switch (code) {
    case 1003: return &counters::closed_binary;
    case 1007: return &counters::closed_invalid_text;
    case 1008: return &counters::closed_fragments;
    case 1009: return &counters::closed_too_large;
    default: return &counters::closed_protocol;
  }
}

}  // namespace

TEST_CASE("what is not allowed is answered with its code, and is passed on to nobody") {
  struct expectation {
    std::string_view what;
    std::string bytes;
    unsigned code;
  };
  const std::string long_text(1001, 'x');
  for (const auto& [what, bytes, code] : {
           expectation{"binary", masked(0x82, "x"), 1003},
           expectation{"reserved bit", masked(0xc1, "x"), 1002},
           expectation{"reserved opcode", masked(0x83, "x"), 1002},
           expectation{"reserved control opcode", masked(0x8b, "x"), 1002},
           expectation{"no mask", std::string{"\x81\x01x", 3}, 1002},
           expectation{"fragmented ping", masked(0x09, "x"), 1002},
           expectation{"long ping", masked(0x89, std::string(126, 'x')), 1002},
           expectation{"stray continuation", masked(0x80, "x"), 1002},
           expectation{"message in a message", masked(0x01, "a") + masked(0x81, "b"), 1002},
           expectation{"message in a message that began empty", masked(0x01, "") + masked(0x81, "b"), 1002},
           expectation{"length of a ping that is not the shortest", std::string{"\x89\xfe\x00\x01maskx", 9}, 1002},
           expectation{"length of an empty fragment that is not the shortest", std::string{"\x01\xfe\x00\x00mask", 8}, 1002},
           expectation{"length that is not the shortest", std::string{"\x81\xfe\x00\x01maskx", 9}, 1002},
           expectation{"length with the highest bit", std::string{"\x81\xff\x80\0\0\0\0\0\0\x01maskx", 15}, 1002},
           expectation{"not UTF-8", masked_text("a\xff"), 1007},
           expectation{"not UTF-8 across fragments", masked(0x01, "\xe2\x82") + masked(0x80, "("), 1007},
           expectation{"code point cut by the end", masked_text("a\xe2\x82"), 1007},
           expectation{"code point cut by an empty final fragment", masked(0x01, "\xe2") + masked(0x80, ""), 1007},
           expectation{"too long in one frame", masked_text(long_text), 1009},
           expectation{"declared too long", std::string{"\x81\xff\x00\x00\x00\xff\x00\x00\x00\x00mask", 14}, 1009},
           expectation{"too long together", masked(0x01, std::string(600, 'x')) + masked(0x80, std::string(600, 'x')), 1009},
           expectation{"too many fragments", masked(0x01, "a") + masked(0x00, "a") + masked(0x00, "a") + masked(0x00, "a") + masked(0x00, "a"), 1008},
           expectation{"too many empty fragments", masked(0x01, "") + masked(0x00, "") + masked(0x00, "") + masked(0x00, "") + masked(0x00, ""), 1008},
           expectation{"close with one byte", masked(0x88, "x"), 1002},
           expectation{"close with a code that may not be sent", masked(0x88, std::string{"\x03\xed", 2}), 1002},
           expectation{"close with a code above 4999", masked(0x88, "\x13\x88"), 1002},
           expectation{"close with a reason that is not UTF-8", masked(0x88, "\x03\xe8\xff"), 1002},
       }) {
    CAPTURE(what);
    for (const bool in_pieces : {false, true}) {
      CAPTURE(in_pieces);
      test::stage stage{{.max_message_size = 1000, .max_fragments = 4}};
      auto bystander = stage.join("/chat?name=bob");
      auto offender = stage.join();
      if (in_pieces)
        for (const char byte : bytes) offender.send({&byte, 1});
      else
        offender.send(bytes + masked_text("after"));
      CHECK(offender.take_close() == code);
      CHECK(offender.pipe().server_ended);
      CHECK(stage.count().members == 1);
      if (!what.starts_with("close")) CHECK(stage.count().*closed_with(code) == 1);
      bystander.send(masked_text("fine"));
      CHECK(bystander.take_texts() == texts{"[bob] fine"});
    }
  }
}

TEST_CASE("binary messages are relayed as they came where that is wanted, and text is still formatted and checked") {
  test::stage stage{{.binary = binary_policy::relay}};
  auto ada = stage.join("/chat?name=ada");
  auto bob = stage.join("/chat?name=bob");
  ada.send(masked(0x82, "\xff\xfe"));
  ada.send(masked(0x02, "\xe2") + masked(0x00, "x") + masked(0x80, ""));
  ada.send(masked_text("hi"));
  const std::string expected = "\x82\x02\xff\xfe\x82\x02\xe2x\x81\x08[ada] hi";
  CHECK(bob.take() == expected);
  CHECK(ada.take() == expected);
  ada.send(masked(0x82, "before") + masked(0x01, "\xe2") + masked(0x80, ""));
  CHECK(ada.take_close() == 1007);
  CHECK(bob.take() == "\x82\x06" "before");
}

TEST_CASE("messages up to the limit are relayed, and empty ones") {
  test::stage stage{{.format = "{text}", .max_message_size = 1000}};
  auto ada = stage.join();
  const std::string longest(1000, 'x');
  ada.send(masked_text(longest));
  CHECK(ada.take() == "\x81\x7e\x03\xe8" + longest);
  ada.send(masked(0x01, longest.substr(0, 999)) + masked(0x00, "x") + masked(0x80, ""));
  CHECK(ada.take() == "\x81\x7e\x03\xe8" + longest);
  ada.send(masked_text(""));
  CHECK(ada.take() == std::string{"\x81\x00", 2});
}

TEST_CASE("an empty fragment beside a message is no end of it") {
  test::stage stage{{.format = "{text}"}};
  auto ada = stage.join();
  SUBCASE("in one piece") { ada.send(masked(0x01, "") + masked(0x00, "") + masked(0x80, "one") + masked_text("two")); }
  SUBCASE("in two") {
    ada.send(masked(0x01, ""));
    ada.send(masked(0x80, "one") + masked_text("two"));
  }
  CHECK(ada.take_texts() == texts{"one", "two"});
}

TEST_CASE("pings are answered with their payload, in the middle of a message too") {
  test::stage stage{{.format = "{text}"}};
  auto ada = stage.join();
  ada.send(masked(0x01, "a") + masked(0x89, "are you there"));
  CHECK(ada.take() == std::string{"\x8a\x0d"} + "are you there");
  ada.send(masked(0x80, "b"));
  CHECK(ada.take_texts() == texts{"ab"});
}

TEST_CASE("100,000 pings whose answers are not read cost one answer's memory") {
  test::stage stage{{.max_control_rate = 0}};
  auto ada = stage.join();
  ada.set_window(10);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += masked(0x89, std::string(125, 'p'));
  for (int i = 0; i < 100; ++i) ada.send(pings);
  CHECK(stage.count().members == 1);
  ada.set_window(static_cast<std::size_t>(-1));
  CHECK(ada.take().size() <= 2 * 127);
}

TEST_CASE("too many control frames are a violation of the house's rules") {
  test::stage stage;
  auto ada = stage.join();
  for (int i = 0; i < 50; ++i) ada.send(masked(0x8a, ""));
  CHECK(stage.count().members == 1);
  ada.send(masked(0x89, ""));
  CHECK(ada.take_close() == wire::close_code::policy_violation);
}

TEST_CASE("a message that is not finished in time closes its sender, however busily it comes") {
  test::stage stage;
  auto ada = stage.join();
  const auto frame = masked_text(std::string(100, 'x'));
  for (std::size_t i = 0; i < 29; ++i) {
    ada.send(frame.substr(i, 1));
    stage.pass(1s);
  }
  CHECK(stage.count().members == 1);
  stage.pass(2s);
  CHECK(ada.take_close() == wire::close_code::policy_violation);
}

TEST_CASE("one whose message was not finished in time, and that never closes its side, is dropped after the close timeout") {
  test::stage stage;
  auto ada = stage.join();
  ada.send(masked(0x01, "a"));
  stage.pass(30100ms);
  CHECK(ada.take_close() == wire::close_code::policy_violation);
  CHECK(stage.count().message_timeouts == 1);
  stage.pass(4800ms);
  CHECK_FALSE(ada.is_gone());
  stage.pass(400ms);
  CHECK(ada.is_gone());
  CHECK(stage.count().close_timeouts == 1);
}

TEST_CASE("messages that follow one another without a pause are each in time") {
  test::stage stage{{.ping_interval = 1h}};
  auto ada = stage.join();
  const auto frame = masked_text("x");
  ada.send(frame.substr(0, 3));
  for (int i = 0; i < 50; ++i) {
    stage.pass(1s);
    ada.send(frame.substr(3) + frame.substr(0, 3));
  }
  CHECK(ada.take_texts().size() == 50);
}

// keeping alive

TEST_CASE("the first connection after a quiet hour has all the time that it should have") {
  test::stage stage;
  stage.let_time_go_by(1h);
  auto ada = stage.join();
  stage.pass(24s);
  CHECK(ada.take().empty());
  CHECK(stage.count().members == 1);
}

TEST_CASE("the first refusal after a quiet hour, too") {
  test::stage stage;
  stage.let_time_go_by(1h);
  auto refused = stage.ask("/elsewhere");
  stage.pass(4s);
  CHECK_FALSE(refused.is_gone());
}

TEST_CASE("a peer that vanishes without a word is gone after the ping interval and the pong timeout") {
  test::stage stage;
  auto ada = stage.join();
  stage.pass(24900ms);
  CHECK(ada.take().empty());
  stage.pass(200ms);
  CHECK(ada.take() == std::string{"\x89\x00", 2});
  stage.pass(9700ms);
  CHECK(stage.count().members == 1);
  stage.pass(400ms);
  CHECK(stage.count().members == 0);
  CHECK(stage.count().pong_timeouts == 1);
  CHECK(ada.is_gone());
}

TEST_CASE("a peer that answers pings stays, and is pinged again an interval later") {
  test::stage stage;
  auto ada = stage.join();
  for (int i = 0; i < 10; ++i) {
    stage.pass(25100ms);
    CHECK(ada.take() == std::string{"\x89\x00", 2});
    ada.send(masked(0x8a, ""));
  }
  CHECK(stage.count().members == 1);
}

// slow readers

namespace {

const std::string long_text(9'000, 'x');  // of which eleven weigh just over 100,000
const options strict{.format = "{text}", .max_message_size = 10'000, .max_lag = 100'000};

}  // namespace

TEST_CASE("a slow reader is closed with 4008 once its lag passes the limit, after the frame that is half sent") {
  test::stage stage{strict};
  auto quick = stage.join("/chat?name=quick");
  auto slow = stage.join();
  slow.set_window(50);
  for (int i = 0; i < 11; ++i) {
    quick.send(masked_text(long_text));
    quick.take();
  }
  CHECK(stage.count().members == 2);
  quick.send(masked_text(long_text) + masked_text("the last straw"));
  quick.send(masked_text("it is over"));
  CHECK(stage.count().members == 1);
  CHECK(stage.count().slow_readers_closed == 1);
  slow.set_window(static_cast<std::size_t>(-1));
  CHECK(slow.take() == wire::make_frame(wire::opcode::text, long_text) + wire::make_close(4008, "slow reader"));
  CHECK(quick.take().size() == 2 + 14 + 4 + 9'000 + 2 + 10);
}

TEST_CASE("one batch, however long, makes nobody slow") {
  test::stage stage{{.max_message_size = 1'000'000, .max_lag = 1000}};
  auto sender = stage.join();
  auto reader = stage.join();
  reader.set_window(50);
  sender.send(masked_text(std::string(900'000, 'x')));
  CHECK(stage.count().members == 2);
  reader.set_window(static_cast<std::size_t>(-1));
  reader.take();
  sender.send(masked_text("y"));
  CHECK(reader.take_texts() == texts{"[user0] y"});
}

TEST_CASE("a slow reader that takes nothing more is dropped hard after the close timeout") {
  test::stage stage{strict};
  auto quick = stage.join("/chat?name=quick");
  auto slow = stage.join();
  slow.set_window(50);
  for (int i = 0; i < 13; ++i) quick.send(masked_text(long_text));
  CHECK(stage.count().members == 1);
  CHECK_FALSE(slow.is_gone());
  stage.pass(5200ms);
  CHECK(slow.is_gone());
}

TEST_CASE("with the skip policy a slow reader misses messages, and gets whole ones") {
  options skipping = strict;
  skipping.slow_reader = slow_reader_policy::skip;
  test::stage stage{skipping};
  auto quick = stage.join("/chat?name=quick");
  auto slow = stage.join();
  slow.set_window(50);
  for (int i = 0; i < 100; ++i) quick.send(masked_text(std::to_string(100 + i)) + masked_text(long_text));
  CHECK(stage.count().members == 2);
  CHECK(stage.count().slow_readers_skipped > 0);
  slow.set_window(static_cast<std::size_t>(-1));
  std::string got = slow.take();
  std::vector<std::string> numbers;
  while (!got.empty()) {
    const auto header = wire::parse_header(std::as_bytes(std::span{got}));
    REQUIRE(header);
    const auto text = got.substr(header->size, static_cast<std::size_t>(header->payload));
    got.erase(0, header->size + static_cast<std::size_t>(header->payload));
    if (text != long_text) numbers.push_back(text);
  }
  CHECK(numbers.front() == "100");
  CHECK(numbers.back() == "199");
  CHECK(numbers.size() < 15);
  for (const auto& n : numbers) CHECK(n.size() == 3);
}

TEST_CASE("a peer that takes no byte for the send timeout is dropped, even if it goes on sending") {
  test::stage stage{{.ping_interval = 1h}};
  auto quick = stage.join("/chat?name=quick");
  auto slow = stage.join("/chat?name=slow");
  slow.set_window(5);
  quick.send(masked_text("hello"));
  for (int i = 0; i < 29; ++i) {
    stage.pass(1s);
    slow.send(masked_text("I am here"));
  }
  CHECK(stage.count().members == 2);
  stage.pass(2s);
  CHECK(stage.count().members == 1);
  CHECK(slow.is_gone());
}

// a Close from our side

TEST_CASE("stopping closes members with 1012 after everything that was said, beside their pending reads") {
  test::stage stage;
  auto ada = stage.join("/chat?name=ada");
  auto bob = stage.join("/chat/ops?name=bob");
  bob.send(masked_text("half a message").substr(0, 9));
  ada.send(masked_text("last words"));
  const auto stopped = stage.stop(10s);
  CHECK(stage.ask().take().starts_with("HTTP/1.1 503 "));
  const auto heard = ada.take();
  CHECK(heard.find("[ada] last words") != heard.npos);
  CHECK(heard.substr(heard.size() - 28).starts_with("\x88\x1a\x03\xf4"));
  CHECK(bob.take_close() == wire::close_code::service_restart);
  CHECK_FALSE(*stopped);
  ada.send(masked(0x88, "\x03\xf4"));
  ada.end();
  bob.end();
  stage.pass(100ms);
  CHECK(*stopped);
  CHECK(stage.count().sessions == 0);
}

TEST_CASE("what was said before a stop, members of all lanes hear before they are closed") {
  test::stage stage{{.format = "{text}"}, 3};
  std::vector<test::peer> members;
  for (int i = 0; i < 6; ++i) members.push_back(stage.join());  // two on each lane
  for (int i = 0; i < 3; ++i) members[static_cast<std::size_t>(i)].queue(masked_text("last words"));
  stage.stop(10s);
  for (auto& each : members) {
    CHECK(each.pipe().server_ended);
    CHECK(each.take().starts_with("\x81\x0alast words\x81\x0alast words\x81\x0alast words\x88"));
  }
}

TEST_CASE("stopping ends by its deadline even if no peer answers") {
  test::stage stage;
  auto ada = stage.join();
  auto stuck = stage.join();
  stuck.set_window(0);
  ada.send(masked_text("x"));
  const auto stopped = stage.stop(2s);
  stage.pass(1900ms);
  CHECK_FALSE(*stopped);
  stage.pass(300ms);
  CHECK(*stopped);
  CHECK(stuck.is_gone());
  CHECK(ada.is_gone());
}

TEST_CASE("members are closed over a while, each after what it was owed, and go on talking meanwhile") {
  test::stage stage{{.format = "{text}"}};
  std::vector<test::peer> members;
  for (int i = 0; i < 300; ++i) members.push_back(stage.join());
  const auto stopped = stage.stop(10s);
  const auto left = stage.count().members;
  CHECK(left > 0);
  CHECK(left < 300);
  std::size_t speaker = 0;
  while (members[speaker].pipe().server_ended) ++speaker;
  members[speaker].send(masked_text("still talking"));
  CHECK(members[speaker].take_texts() == texts{"still talking"});
  stage.pass(1s);
  CHECK(stage.count().members == 0);
  for (auto& each : members) each.end();
  stage.pass(100ms);
  CHECK(*stopped);
}

TEST_CASE("upgrade requests that keep coming do not hold up a stop") {
  test::stage stage;
  auto ada = stage.join();
  const auto stopped = stage.stop(2s);
  std::vector<test::peer> refused;
  for (int i = 0; i < 45 && !*stopped; ++i) {
    refused.push_back(stage.ask());
    if (i == 10) ada.end();
    stage.pass(50ms);
  }
  CHECK(*stopped);
  CHECK(refused.size() < 20);
  CHECK(refused.back().take().starts_with("HTTP/1.1 503 "));
}

TEST_CASE("a stop with nobody there is done at once") {
  test::stage stage;
  CHECK(*stage.stop(10s));
}

// flow control

TEST_CASE("senders wait while a room holds too much that is not visible yet, and lose nothing by it") {
  test::stage stage{{.format = "{text}", .max_message_size = 64 * 1024, .max_lag = 1u << 30}};
  auto reader = stage.join();
  std::vector<test::peer> senders;
  for (int i = 0; i < 20; ++i) senders.push_back(stage.join());
  const std::string text(60'000, 'x');
  for (auto& each : senders) {
    auto& incoming = const_cast<test::memory_pipe&>(each.pipe()).to_server;
    for (int i = 0; i < 4; ++i) incoming += masked_text(std::to_string(i) + text);
  }
  for (auto& each : senders) each.send({});
  stage.settle();
  CHECK(stage.count().messages_in == 80);
  CHECK(reader.take().size() == 80 * (60'001 + 4));
}
