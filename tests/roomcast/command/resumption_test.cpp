#include "roomcast/command/resumption.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using roomcast::command::resumption;
using frame_type = resumption::frame_type;

namespace {

constexpr auto welcome =
    R"({"type":"welcome","id":"c0","name":"ada","room":"lobby","epoch":"k3f9","seq":41,"recovered":false,"members":1,"key":"Ab-_9"})";
constexpr auto back_again = R"({"type":"welcome","epoch":"k3f9","seq":60,"recovered":true,"key":"new"})";
constexpr auto restarted = R"({"type":"welcome","epoch":"other","seq":3,"recovered":false,"key":"new"})";
constexpr auto message = R"({"type":"message","seq":45,"id":"c1","name":"bob","time":"2026-11-23T15:40:00.123Z","text":"hi"})";

}  // namespace

TEST_CASE("who has not been welcomed has nothing to come back to") {
  resumption r;
  CHECK(r.query().empty());
  r.met(message);
  CHECK(r.query().empty());
  CHECK_FALSE(r.take_retry_after());
}

TEST_CASE("who has been welcomed comes back for what follows, with the key") {
  resumption r;
  CHECK(r.met(welcome) == frame_type::welcome);
  CHECK(r.query() == "since=41&epoch=k3f9&key=Ab-_9");
  CHECK_FALSE(r.has_lost());
}

TEST_CASE("each message is the last that need not come again") {
  resumption r;
  r.met(welcome);
  CHECK(r.met(message) == frame_type::message);
  CHECK(r.query() == "since=45&epoch=k3f9&key=Ab-_9");
}

TEST_CASE("what other frames say of messages does not count") {
  resumption r;
  r.met(welcome);
  for (const auto* other : {R"({"type":"join","id":"c18","name":"bob"})", R"({"type":"ack","ref":"a1","seq":99})",
                            R"({"type":"gap","from":50,"to":91})",
                            R"({"type":"history","ref":"b","messages":[{"seq":7}],"complete":true})", R"({"text":{"type":"message","seq":99}})"}) {
    CAPTURE(other);
    CHECK(r.met(other) == frame_type::other);
    CHECK(r.query() == "since=41&epoch=k3f9&key=Ab-_9");
  }
}

TEST_CASE("what was missed counts message by message, not from the welcome on") {
  resumption r;
  r.met(welcome);
  r.met(back_again);
  CHECK_FALSE(r.has_lost());
  CHECK(r.query() == "since=41&epoch=k3f9&key=new");
  r.met(message);
  CHECK(r.query() == "since=45&epoch=k3f9&key=new");
}

TEST_CASE("where it cannot be had, it is lost, and all begins with the new welcome") {
  resumption r;
  r.met(welcome);
  r.met(message);
  r.met(restarted);
  CHECK(r.has_lost());
  CHECK(r.query() == "since=3&epoch=other&key=new");
  r.met(R"({"type":"welcome","epoch":"other","seq":3,"recovered":true})");
  CHECK_FALSE(r.has_lost());
  CHECK(r.query() == "since=3&epoch=other");
}

TEST_CASE("one can begin after a message that was heard before") {
  resumption r{resumption::point{7, "k3f9"}};
  CHECK(r.query() == "since=7&epoch=k3f9");
  r.met(back_again);
  CHECK(r.query() == "since=7&epoch=k3f9&key=new");
  r.met(restarted);
  CHECK(r.has_lost());
}

TEST_CASE("what cannot stand in a query is encoded") {
  const resumption r{resumption::point{18446744073709551615u, "a&b=%é~"}};
  CHECK(r.query() == "since=18446744073709551615&epoch=a%26b%3D%25%C3%A9~");
}

TEST_CASE("a goodbye says once how long to wait") {
  resumption r;
  r.met(welcome);
  CHECK(r.met(R"({"type":"goodbye","reason":"restart","retry_after_ms":1830})") == frame_type::goodbye);
  CHECK(r.take_retry_after() == 1830ms);
  CHECK_FALSE(r.take_retry_after());
  CHECK(r.query() == "since=41&epoch=k3f9&key=Ab-_9");
}

TEST_CASE("the next welcome ends what a goodbye said") {
  resumption r;
  r.met(R"({"type":"goodbye","reason":"restart","retry_after_ms":1830})");
  r.met(welcome);
  CHECK_FALSE(r.take_retry_after());
}

TEST_CASE("a wait without bounds is cut, and one that is none is passed over") {
  resumption r;
  r.met(R"({"type":"goodbye","reason":"restart","retry_after_ms":18446744073709551615})");
  CHECK(r.take_retry_after() == resumption::longest_wait);
  for (const auto* odd : {R"({"type":"goodbye"})", R"({"type":"goodbye","retry_after_ms":-1})",
                          R"({"type":"goodbye","retry_after_ms":"1"})", R"({"type":"goodbye","retry_after_ms":0.5})"}) {
    CAPTURE(odd);
    CHECK(r.met(odd) == frame_type::goodbye);
    CHECK_FALSE(r.take_retry_after());
  }
}

TEST_CASE("frames that are not understood change nothing") {
  resumption r;
  r.met(welcome);
  for (const auto* odd : {"", "hello", "[]", "7", R"({"type":7})", R"({"type":"message","seq":99)", R"({"type":"message","seq":99} x)"}) {
    CAPTURE(odd);
    CHECK(r.met(odd) == frame_type::other);
  }
  for (const auto* odd : {R"({"type":"message"})", R"({"type":"message","seq":"99"})", R"({"type":"message","seq":-1})"}) {
    CAPTURE(odd);
    CHECK(r.met(odd) == frame_type::message);
  }
  CHECK(r.query() == "since=41&epoch=k3f9&key=Ab-_9");
}

TEST_CASE("after a welcome that says no place there is nothing to come back to") {
  resumption r;
  r.met(welcome);
  r.met(R"({"type":"welcome","key":"new"})");
  CHECK(r.query().empty());
}
