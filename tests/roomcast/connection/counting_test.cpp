#include "stage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

using namespace roomcast;
using namespace std::chrono_literals;
using test::masked;
using test::masked_text;

namespace {

std::uint64_t closes(const test::stage& stage, std::uint16_t code) {
  const auto& codes = close_counts::codes;
  return stage.count().closes.counts[static_cast<std::size_t>(std::find(codes.begin(), codes.end(), code) - codes.begin())];
}

std::uint64_t all_closes(const test::stage& stage) {
  const auto counts = stage.count().closes.counts;
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

template <class Histogram>
std::uint64_t values(const Histogram& h) {
  return std::accumulate(h.counts.begin(), h.counts.end(), std::uint64_t{0});
}

// What the access log is told; the views do not outlive the call.
struct told {
  std::string path, name, room;
  unsigned status;
  std::uint16_t close_code;
  std::chrono::milliseconds duration;
};

options with_access(std::vector<told>& all) {
  options o;
  o.access = [&all](const access_record& a) {
    all.push_back({std::string{a.path}, std::string{a.name}, std::string{a.room}, a.status, a.close_code, a.duration});
  };
  return o;
}

}  // namespace

TEST_CASE("a member's end is counted once, by the code of the first Close") {
  test::stage stage;
  auto ada = stage.join();
  std::uint16_t expected = 0;
  SUBCASE("the peer's") { ada.send(masked(0x88, "\x03\xe9 bye")), expected = 1001; }
  SUBCASE("the peer's, without a code") { ada.send(masked(0x88, "")), expected = 1005; }
  SUBCASE("for a violation") { ada.send(masked(0xf1, "x")), expected = 1002; }
  SUBCASE("for a violation that Beast finds") { ada.send(masked(0x80, "x")), expected = 1002; }
  SUBCASE("for a binary message") { ada.send(masked(0x82, "x")), expected = 1003; }
  SUBCASE("none, but an end") { ada.end(), expected = 1006; }
  SUBCASE("none, but a reset") { ada.reset(), expected = 1006; }
  CHECK(closes(stage, expected) == 1);
  ada.end();
  stage.pass(6s);
  CHECK(all_closes(stage) == 1);
}

TEST_CASE("members that a stop parts from are counted with 1012, whatever they speak") {
  test::stage stage;
  auto ada = stage.join(), eve = stage.join_json();
  const auto stopped = stage.stop(1s);
  stage.pass(2s);
  CHECK(*stopped);
  CHECK(closes(stage, 1012) == 2);
  CHECK(all_closes(stage) == 2);
}

TEST_CASE("a message is counted once as it comes, and once for each member as it goes") {
  test::stage stage{{}, 2};
  auto ada = stage.join(), bob = stage.join(), eve = stage.join();
  ada.queue(masked_text("one") + masked_text("two"));
  stage.settle();
  const auto count = stage.count();
  CHECK(count.messages_in == 2);
  CHECK(count.messages_out == 6);
  CHECK(count.deliveries == 3 * count.batches);
  CHECK(count.batch_messages.sum == 2);
  CHECK(values(count.batch_messages) == count.batches);
  CHECK(values(count.fan_out) >= 1);
  CHECK(values(count.fan_out) <= 2);
  CHECK(values(count.lag) == 0);
}

TEST_CASE("the lag of a member that does not read is recorded with each batch") {
  test::stage stage;
  auto slow = stage.join(), ada = stage.join();
  slow.set_window(0);
  for (int i = 0; i < 3; ++i) ada.send(masked_text(std::string(5000, 'x')));
  const auto count = stage.count();
  CHECK(values(count.lag) == 3);
  CHECK(count.lag.counts[0] == 1);  // nothing was there before the first
  CHECK(count.lag.sum > 3 * 5000);
  CHECK(count.lag.sum < 4 * 5000);
}

TEST_CASE("what rooms remember is counted as long as they do") {
  test::stage stage{{.retain_age = 1min}};
  {
    auto ada = stage.join();
    for (int i = 0; i < 3; ++i) ada.send(masked_text("hello"));
    CHECK(stage.count().remembered_messages == 3);
    CHECK(stage.count().remembered_bytes > 15);
  }
  auto elsewhere = stage.join("/chat/elsewhere");
  stage.pass(2min);
  CHECK(stage.count().remembered_messages == 0);
  CHECK(stage.count().remembered_bytes == 0);
}

TEST_CASE("the access log is told of a member when it has left, without the query") {
  std::vector<told> all;
  test::stage stage{with_access(all)};
  auto ada = stage.join("/chat/ops?name=ada");
  CHECK(all.empty());
  stage.pass(3s);
  ada.send(masked(0x88, "\x03\xe8"));
  REQUIRE(all.size() == 1);
  CHECK(all[0].path == "/chat/ops");
  CHECK(all[0].room == "ops");
  CHECK(all[0].name == "ada");
  CHECK(all[0].status == 101);
  CHECK(all[0].close_code == 1000);
  CHECK(all[0].duration >= 2900ms);
  CHECK(all[0].duration <= 3100ms);
}

TEST_CASE("one who reads events has no close code, in the counters and in the access log") {
  std::vector<told> all;
  test::stage stage{with_access(all)};
  upgrade_request request{boost::beast::http::verb::get, "/chat/ops", 11};
  request.set("Host", "example.org");
  request.set("Accept", "text/event-stream");
  auto reader = stage.ask(std::move(request));
  CHECK(stage.count().members == 1);
  reader.end();
  REQUIRE(all.size() == 1);
  CHECK(all[0].status == 200);
  CHECK(all[0].room == "ops");
  CHECK(all[0].close_code == 0);
  CHECK(all_closes(stage) == 0);
}

TEST_CASE("the access log is told of who is refused, and why") {
  std::vector<told> all;
  test::stage stage{with_access(all)};
  auto ada = stage.join("/chat?name=ada");
  stage.ask("/chat?name=ada");
  stage.ask("/chat/b%20d");
  REQUIRE(all.size() == 2);
  CHECK(all[0].status == 409);
  CHECK(all[0].path == "/chat");
  CHECK(all[1].status == 404);
  CHECK(all[1].path == "/chat/b%20d");
}
