#include "roomcast/server/http_session.hpp"

#include "manual_store.hpp"
#include "stage.hpp"

#include "roomcast/server/api_keys.hpp"
#include "roomcast/server/idempotency.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <unistd.h>

using namespace roomcast;
using namespace std::chrono_literals;

namespace {

constexpr const char* key = "0123456789abcdef";

class key_file {
 public:
  explicit key_file(const std::string& content) { write(content); }
  ~key_file() { std::remove(path.c_str()); }
  void write(const std::string& content) const { std::ofstream{path} << content; }

  const std::string path = fmt::format("/tmp/roomcast-keys-{}", ::getpid());
};

struct answer {
  unsigned status = 0;
  std::string head, body;
};

// Rooms, and a caller of the API.
struct fixture {
  explicit fixture(options o = {}, std::size_t lanes = 1, std::unique_ptr<log::store> s = nullptr)
      : stage(std::move(o), lanes, std::move(s)), caller(connect()), other(connect()) {}

  test::peer connect(bool has_api = true) {
    auto pipe = std::make_shared<test::memory_pipe>();
    lane& where = *stage.hub().lanes().back();
    auto c = std::make_shared<connection>(where.shared_from_this(), std::make_unique<test::memory_transport>(pipe, where.executor()));
    stage.hub().start(where, server::serve_http(std::move(c), 10s, {.at = server::door::whole, .keys = has_api ? &keys : nullptr}), [] {});
    stage.settle();
    return {stage, where, std::move(pipe)};
  }

  static answer read(test::peer& from) {
    const auto bytes = from.take();
    const auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) return {};
    return {static_cast<unsigned>(std::stoul(bytes.substr(9, 3))), bytes.substr(0, end + 2), bytes.substr(end + 4)};
  }

  static std::string request(const std::string& method, const std::string& target, const std::string& headers = {}) {
    return fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{}\r\n", method, target, key, headers);
  }

  static std::string saying(const std::string& target, const std::string& text, const std::string& headers = "Content-Type: text/plain\r\n") {
    return request("POST", target, fmt::format("{}Content-Length: {}\r\n", headers, text.size())) + text;
  }

  answer ask(const std::string& bytes) {
    caller.send(bytes);
    return read(caller);
  }
  answer get(const std::string& target) { return ask(request("GET", target)); }
  answer say(const std::string& text, const std::string& idempotency_key = {}) {
    return ask(saying("/api/rooms/ops/messages", text, with_key(idempotency_key)));
  }
  static std::string with_key(const std::string& k) { return "Content-Type: text/plain\r\n" + (k.empty() ? "" : "Idempotency-Key: " + k + "\r\n"); }

  key_file file{std::string{key} + "\n"};
  server::api_keys keys{file.path};
  test::stage stage;
  test::peer caller, other;
};

std::vector<std::string> texts_in(const std::string& body) {
  std::vector<std::string> found;
  const auto all = boost::json::parse(body);
  for (const auto& each : all.at("messages").as_array()) found.emplace_back(each.at("text").as_string());
  return found;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("keys are the lines of a file, but for blank ones and comments") {
  const key_file file{"# ours\n\n  first-key-of-ours== \r\nsecond.key~of_ours/+\n"};
  const server::api_keys keys{file.path};
  CHECK(keys.have("first-key-of-ours=="));
  CHECK(keys.have("second.key~of_ours/+"));
  CHECK_FALSE(keys.have("first-key-of-ours="));
  CHECK_FALSE(keys.have("# ours"));
  CHECK_FALSE(keys.have(""));
}

TEST_CASE("what is wrong with a file of keys is told with its line and without the key; the keys before it stay") {
  const key_file file{"a-key-that-is-long-enough\n"};
  server::api_keys keys{file.path};
  const auto fault = [&](const std::string& content) {
    file.write(content);
    try {
      keys.reread();
    } catch (const std::runtime_error& e) {
      return std::string{e.what()};
    }
    return std::string{};
  };
  CHECK(fault("# \nshort\n") == file.path + ":2: a key has at least 16 characters");
  CHECK(fault("two words are no key\n") == file.path + ":1: a key consists of letters, digits and - . _ ~ + / =");
  CHECK(fault("# none\n") == file.path + ": there is no key in it");
  CHECK(keys.have("a-key-that-is-long-enough"));
  CHECK(fault("another-key-that-is-long\n") == "");
  CHECK(keys.have("another-key-that-is-long"));
  CHECK_FALSE(keys.have("a-key-that-is-long-enough"));
}

TEST_CASE_FIXTURE(fixture, "the API is for those who have a key") {
  const auto status_with = [this](const std::string& headers) { return ask("GET /api/rooms HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n"); };
  CHECK(status_with("Authorization: Bearer 0123456789abcdef\r\n").status == 200);
  CHECK(status_with("authorization: bearer  0123456789abcdef\r\n").status == 200);
  for (const std::string wrong : {"", "Authorization: Bearer 0123456789abcdee\r\n", "Authorization: Bearer\r\n", "Authorization: 0123456789abcdef\r\n",
                                  "Authorization: Basic 0123456789abcdef\r\n", "Authorization: Bearer 0123456789abcdef x\r\n",
                                  "Authorization: Bearer 0123456789abcdef\r\nAuthorization: Bearer 0123456789abcdef\r\n"}) {
    const auto refused = status_with(wrong);
    CHECK(refused.status == 401);
    CHECK(refused.head.find("WWW-Authenticate: Bearer\r\n") != refused.head.npos);
  }
}

TEST_CASE_FIXTURE(fixture, "without a file of keys there is no API, and with one no key is asked for elsewhere") {
  auto nobody = connect(false);
  for (const auto& each : server::routes()) {
    if (!each.path.starts_with("/api")) continue;
    nobody.send(request(std::string{http::to_string(each.method)}, std::string{each.path}, "Content-Length: 0\r\n"));
    CHECK(read(nobody).status == 404);
  }
  CHECK(ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").status == 200);
  CHECK(ask("GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n").status == 200);
}

TEST_CASE_FIXTURE(fixture, "a trailer is no header") {
  const std::string chunked = "Host: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n";
  CHECK(ask("POST /api/rooms/ops/messages HTTP/1.1\r\n" + chunked + "\r\n2\r\nhi\r\n0\r\nAuthorization: Bearer 0123456789abcdef\r\n\r\n").status == 401);
}

TEST_CASE_FIXTURE(fixture, "a method that a path does not know is told which it knows") {
  const auto allowed = [this](const std::string& method, const std::string& target) {
    const auto a = ask(request(method, target, "Content-Length: 0\r\n"));
    const auto at = a.head.find("Allow: ");
    return fmt::format("{} {}", a.status, at == a.head.npos ? "" : a.head.substr(at + 7, a.head.find("\r\n", at) - at - 7));
  };
  CHECK(allowed("PUT", "/api/rooms/ops/messages") == "405 GET, HEAD, POST");
  CHECK(allowed("GET", "/api/rooms/ops/members/c1") == "405 DELETE");
  CHECK(allowed("DELETE", "/api/rooms") == "405 GET, HEAD");
  CHECK(allowed("GET", "/api/rooms/ops") == "404 ");
  CHECK(allowed("GET", "/api/rooms//messages") == "404 ");
  CHECK(allowed("GET", "/api/rooms/ops/messages/") == "404 ");
  CHECK(allowed("GET", "/api") == "404 ");
}

TEST_CASE_FIXTURE(fixture, "what is published goes to the room, under the server's name") {
  auto ada = stage.join("/chat/ops");
  const auto told = say("deploy finished");
  CHECK(told.status == 201);
  CHECK(told.body == "{\"seq\":1,\"recipients\":1}\n");
  CHECK(ada.take_texts() == strings{"[server] deploy finished"});
  CHECK(ask(saying("/api/rooms/%6fps/messages", R"({"text":"as \"JSON\" \u00e9"})", "Content-Type: Application/JSON; charset=\"UTF-8\"\r\n")).status == 201);
  CHECK(ada.take_texts() == strings{"[server] as \"JSON\" é"});
  CHECK(ask(request("POST", "/api/rooms/ops/messages", "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n") + "3\r\nin \r\n6\r\nchunks\r\n0\r\n\r\n").status == 201);
  CHECK(ada.take_texts() == strings{"[server] in chunks"});
  CHECK(ask(saying("/api/rooms/empty/messages", "hello?")).body == "{\"seq\":1,\"recipients\":0}\n");
}

TEST_CASE_FIXTURE(fixture, "what cannot be published is told why") {
  auto ada = stage.join("/chat/ops");
  const std::string path = "/api/rooms/ops/messages", as_json = "Content-Type: application/json\r\n";
  CHECK(ask(saying("/api/rooms/no%20room/messages", "hi")).status == 404);
  CHECK(ask(saying("/api/rooms/a%2Fb/messages", "hi")).status == 404);
  CHECK(ask(saying(path, "hi", "")).status == 415);
  CHECK(ask(saying(path, "hi", "Content-Type: application/x-www-form-urlencoded\r\n")).status == 415);
  CHECK(ask(saying(path, "hi", "Content-Type: text/plain; charset=latin1\r\n")).status == 415);
  CHECK(ask(saying(path, "hi", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n")).status == 415);
  CHECK(ask(saying(path, "\xc3(")).status == 400);
  CHECK(ask(saying(path, "\"hi\"", as_json)).status == 400);
  CHECK(ask(saying(path, "{\"text\":1}", as_json)).status == 400);
  CHECK(ask(saying(path, "{}", as_json)).status == 400);
  CHECK(ask(saying(path, R"({"text":"hi","name":"ada"})", as_json)).status == 400);
  CHECK(ask(saying(path, R"({"text":"hi","type":"message"})", as_json)).status == 400);
  CHECK(ask(saying(path, R"({"text":"hi"} x)", as_json)).status == 400);
  CHECK(ask(saying(path, std::string(60'000, '['), as_json)).status == 400);
  CHECK(ask(request("POST", path, "Content-Type: text/plain\r\n")).status == 411);
  CHECK(ask(saying(path, "hi", with_key(std::string(256, 'k')))).status == 400);
  CHECK(ask(saying(path, "hi", with_key("\xc3\xa9"))).status == 400);
  CHECK(ada.take_texts().empty());
}

TEST_CASE("as long as a message may be, so long may a body") {
  options o;
  o.max_message_size = 1000;
  fixture f{std::move(o)};
  CHECK(f.say(std::string(1000, 'x')).status == 201);
  CHECK(f.say(std::string(1001, 'x')).status == 413);
}

TEST_CASE("what cannot be published now is told to come again") {
  options o;
  o.max_rooms = 1;
  auto disk = std::make_shared<test::manual_disk>();
  fixture f{std::move(o), 1, std::make_unique<test::manual_store>(disk)};
  const auto is_later = [](const answer& a) { return a.status == 503 && a.head.find("Retry-After: ") != a.head.npos; };
  disk->is_overloaded = true;
  CHECK(is_later(f.say("one", "k")));
  disk->is_overloaded = false;
  CHECK(f.say("two", "k").status == 0);
  disk->store_next(make_error_code(boost::system::errc::no_space_on_device));
  f.stage.settle();
  CHECK(is_later(fixture::read(f.caller)));
  CHECK(f.say("three", "k").status == 0);
  disk->store_next();
  f.stage.settle();
  CHECK(fixture::read(f.caller).status == 201);
  auto ada = f.stage.join("/chat/ops");
  CHECK(is_later(f.ask(fixture::saying("/api/rooms/more/messages", "hi"))));
  f.stage.stop(10s);
  CHECK(is_later(f.say("four")));
}

TEST_CASE("a message that comes again with its key is not said again, whatever lane it comes to") {
  for (const std::size_t lanes : {1, 3}) {
    fixture f{{}, lanes};
    auto ada = f.stage.join("/chat/ops");
    const auto first = f.say("once", "key 1");
    CHECK(first.status == 201);
    const auto again = f.say("once", "key 1");
    CHECK(again.status == 201);
    CHECK(again.body == first.body);
    CHECK(f.say("twice", "key 1").status == 422);
    CHECK(f.say("once", "key 2").body != first.body);
    CHECK(f.ask(fixture::saying("/api/rooms/dev/messages", "once", fixture::with_key("key 1"))).status == 201);
    CHECK(ada.take_texts() == strings{"[server] once", "[server] once"});
    f.stage.pass(server::idempotency::lifetime);
    auto back = f.connect();
    back.send(fixture::saying("/api/rooms/ops/messages", "twice", fixture::with_key("key 1")));
    CHECK(fixture::read(back).status == 201);
  }
}

TEST_CASE("a message that comes again while it is being stored is told so") {
  auto disk = std::make_shared<test::manual_disk>();
  fixture f{{}, 1, std::make_unique<test::manual_store>(disk)};
  CHECK(f.say("once", "k").status == 0);
  f.other.send(fixture::saying("/api/rooms/ops/messages", "once", fixture::with_key("k")));
  CHECK(fixture::read(f.other).status == 409);
  f.other.send(fixture::saying("/api/rooms/ops/messages", "other", fixture::with_key("k")));
  CHECK(fixture::read(f.other).status == 422);
  disk->store_next();
  f.stage.settle();
  const auto first = fixture::read(f.caller);
  CHECK(first.status == 201);
  f.other.send(fixture::saying("/api/rooms/ops/messages", "once", fixture::with_key("k")));
  CHECK(fixture::read(f.other).body == first.body);
}

TEST_CASE("keys of messages are forgotten, the oldest first, when there are too many") {
  test::stage stage;
  server::idempotency known{*stage.hub().home()};
  const auto is_new = [&](const std::string& k) { return std::holds_alternative<server::idempotency::ticket>(known.begin("ops", k, "text")); };
  for (std::size_t i = 0; i < server::idempotency::most; ++i) REQUIRE(is_new(std::to_string(i)));
  CHECK_FALSE(is_new("0"));
  CHECK(is_new("one more"));
  CHECK_FALSE(is_new("1"));
  CHECK(is_new("0"));
  CHECK(is_new("1"));
}

TEST_CASE("who waits for its message to be stored when all ends is let go") {
  auto disk = std::make_shared<test::manual_disk>();
  auto pipe = std::make_shared<test::memory_pipe>();
  {
    fixture f{{}, 1, std::make_unique<test::manual_store>(disk)};
    auto io = std::make_unique<test::memory_transport>(pipe, f.stage.hub().home()->executor());
    f.stage.hub().start(*f.stage.hub().home(), server::serve_http(std::make_shared<connection>(f.stage.hub().home(), std::move(io)), 10s, {.keys = &f.keys}), [] {});
    f.stage.settle();
    test::peer waits{f.stage, *f.stage.hub().home(), pipe};
    waits.send(fixture::saying("/api/rooms/ops/messages", "never told"));
    CHECK(disk->waiting() == 1);
  }
  CHECK(pipe->server_closed);
}

TEST_CASE("rooms are listed by name, from all lanes, page by page") {
  for (const std::size_t lanes : {1, 3}) {
    fixture f{{}, lanes};
    auto ada = f.stage.join("/chat/b?name=ada"), bob = f.stage.join("/chat/b?name=bob"), eve = f.stage.join("/chat/c");
    f.ask(fixture::saying("/api/rooms/a/messages", "remembered"));
    const std::string a = R"({"name":"a","members":0})", b = R"({"name":"b","members":2})", c = R"({"name":"c","members":1})";
    CHECK(f.get("/api/rooms").body == fmt::format("{{\"rooms\":[{},{},{}],\"complete\":true}}\n", a, b, c));
    CHECK(f.get("/api/rooms?limit=2").body == fmt::format("{{\"rooms\":[{},{}],\"complete\":false}}\n", a, b));
    CHECK(f.get("/api/rooms?limit=2&after=b").body == fmt::format("{{\"rooms\":[{}],\"complete\":true}}\n", c));
    CHECK(f.get("/api/rooms?after=%7a").body == "{\"rooms\":[],\"complete\":true}\n");
    CHECK(f.get("/api/rooms?limit=few").status == 400);
    CHECK(f.get("/api/rooms?after=%7").status == 400);
  }
}

TEST_CASE("members are listed, and one is removed, whatever lane it is on") {
  for (const std::size_t lanes : {1, 3}) {
    fixture f{{}, lanes};
    auto ada = f.stage.join("/chat/ops?name=ada"), bob = f.stage.join_json("/chat/ops?name=bob"), eve = f.stage.join("/chat/ops?name=eve");
    bob.take();
    std::map<std::string, std::string> ids;
    const auto listed = boost::json::parse(f.get("/api/rooms/ops/members").body);
    CHECK(listed.at("count") == 3);
    for (const auto& each : listed.at("members").as_array()) ids[std::string{each.at("name").as_string()}] = each.at("id").as_string();
    CHECK(ids.size() == 3);
    CHECK(f.get("/api/rooms/nowhere/members").status == 404);

    const auto remove = [&](const std::string& room, const std::string& id) { return f.ask(fixture::request("DELETE", "/api/rooms/" + room + "/members/" + id)); };
    const auto removed = remove("ops", ids["eve"]);
    CHECK(removed.status == 204);
    CHECK(removed.head.find("Content-") == removed.head.npos);
    CHECK(eve.take_close() == 4001);
    eve.end();
    CHECK(remove("ops", ids["eve"]).status == 404);
    CHECK(remove("dev", ids["ada"]).status == 404);
    CHECK(remove("ops", "17").status == 404);
    CHECK(remove("ops", "c").status == 404);
    CHECK(remove("ops", "c99999999999999999999").status == 404);
    ada.send(test::masked_text("who is left?"));
    f.stage.settle();
    CHECK(boost::json::parse(f.get("/api/rooms/ops/members").body).at("count") == 2);
    CHECK(f.stage.count().closes.counts[11] == 1);
  }
}

TEST_CASE("messages are listed forwards from one, and backwards from another or from the end; stored or remembered") {
  for (const bool is_stored : {false, true}) {
    auto disk = std::make_shared<test::manual_disk>();
    fixture f{{}, 2, is_stored ? std::make_unique<test::manual_store>(disk) : nullptr};
    for (const std::string text : {"one", "two", "three", "four"}) {
      f.caller.send(fixture::saying("/api/rooms/ops/messages", text));
      while (disk->waiting() != 0) disk->store_next();
      f.stage.settle();
      CHECK(fixture::read(f.caller).status == 201);
    }
    const auto texts = [&](const std::string& query) { return texts_in(f.get("/api/rooms/ops/messages" + query).body); };
    const auto is_complete = [&](const std::string& query) { return boost::json::parse(f.get("/api/rooms/ops/messages" + query).body).at("complete").as_bool(); };
    CHECK(texts("") == strings{"one", "two", "three", "four"});
    CHECK(is_complete(""));
    CHECK(texts("?limit=2") == strings{"three", "four"});
    CHECK_FALSE(is_complete("?limit=2"));
    CHECK(texts("?limit=2&before=4") == strings{"two", "three"});
    CHECK(texts("?since=1&limit=2") == strings{"two", "three"});
    CHECK_FALSE(is_complete("?since=1&limit=2"));
    CHECK(texts("?since=3") == strings{"four"});
    CHECK(is_complete("?since=3"));
    CHECK(texts("?since=0&before=3") == strings{"one", "two"});
    CHECK(texts("?since=4").empty());
    CHECK(f.get("/api/rooms/ops/messages?since=99").status == 200);
    CHECK(f.get("/api/rooms/nowhere/messages").status == 404);
    CHECK(f.get("/api/rooms/nowhere/messages?since=1").status == 404);
    for (const std::string wrong : {"?since=x", "?since=-1", "?before=", "?limit=1x", "?since=99999999999999999999"})
      CHECK(f.get("/api/rooms/ops/messages" + wrong).status == 400);
    const auto first = boost::json::parse(f.get("/api/rooms/ops/messages").body).at("messages").at(0).as_object();
    CHECK(first.at("seq") == 1);
    CHECK(first.at("id") == "c0");
    CHECK(first.at("name") == "server");
    CHECK(first.at("time").as_string().ends_with("Z"));
  }
}

TEST_CASE_FIXTURE(fixture, "long messages, which are remembered each by itself, are listed in their order, too, as far as one answer holds them") {
  for (const char first : std::string{"abcdefgh"}) say(first + std::string(50'000, '.'));
  const auto initials = [this](const std::string& query) {
    std::string found;
    for (const auto& text : texts_in(get("/api/rooms/ops/messages" + query).body)) found += text.front();
    return found;
  };
  CHECK(initials("?since=0&limit=3") == "abc");
  CHECK(initials("?since=2&limit=3") == "cde");
  CHECK(initials("?limit=3") == "fgh");
  CHECK(initials("?since=0") == "abcdef");
  CHECK(initials("") == "cdefgh");
}

TEST_CASE("messages of a room that nobody is in any more are read from the store") {
  auto disk = std::make_shared<test::manual_disk>();
  disk->rooms["old"].records.push_back({.seq = 7, .sender = 3, .name = "ada", .text = "long ago", .time = {}});
  fixture f{{}, 1, std::make_unique<test::manual_store>(disk)};
  CHECK(texts_in(f.get("/api/rooms/old/messages").body) == strings{"long ago"});
  CHECK(f.get("/api/rooms/old/messages?since=7").status == 200);
  CHECK(f.get("/api/rooms/new/messages").status == 404);
  disk->read_failure = make_error_code(boost::system::errc::io_error);
  CHECK(f.get("/api/rooms/old/messages").status == 503);
}

TEST_CASE("what is forgotten is not taken for all") {
  options o;
  o.retain_messages = 1;
  fixture f{std::move(o)};
  for (const std::string text : {"one", "two", "three", "four"}) f.say(text);
  const auto got = boost::json::parse(f.get("/api/rooms/ops/messages?since=0").body);
  CHECK_FALSE(got.at("complete").as_bool());
}

TEST_CASE_FIXTURE(fixture, "HEAD of the API has no body") {
  const auto a = ask(request("HEAD", "/api/rooms"));
  CHECK(a.status == 200);
  CHECK(a.head.find("Content-Length: 29\r\n") != a.head.npos);
  CHECK(a.body == "");
}

TEST_CASE("connections are told with what they lag behind, those that lag the most first") {
  for (const std::size_t lanes : {1u, 3u}) {
    fixture f{{.echo = false, .max_lag = 100u << 20, .retain_messages = 0}, lanes};
    auto ada = f.stage.join("/chat/ops?name=ada");
    auto slow = f.stage.join_json("/chat/ops?name=slow");
    auto slower = f.stage.join("/chat/ops?name=slower");
    auto elsewhere = f.stage.join("/chat/other?name=else");
    ada.take();
    slow.take();
    const auto told = [&](const std::string& query = {}) {
      const auto got = f.get("/debug/connections" + query);
      CHECK(got.status == 200);
      return boost::json::parse(got.body).as_object();
    };
    const auto names = [](const boost::json::object& all) {
      strings found;
      for (const auto& each : all.at("connections").as_array()) found.emplace_back(each.at("name").as_string());
      return found;
    };
    slower.set_window(10);
    for (int i = 0; i < 5; ++i) ada.send(test::masked_text(std::string(100, 'x')));
    f.stage.pass(1s);
    slow.set_window(10);
    for (int i = 0; i < 2; ++i) ada.send(test::masked_text(std::string(100, 'y')));
    f.stage.pass(1s);
    const auto all = told();
    CHECK(all.at("count") == 4);
    REQUIRE(names(all).size() == 4);
    const auto& first = all.at("connections").at(0);
    const auto& second = all.at("connections").at(1);
    CHECK(first.at("name") == "slower");
    CHECK(first.at("room") == "ops");
    CHECK(first.at("form") == "text");
    CHECK(first.at("lag_bytes").as_int64() > 5 * 100);
    CHECK(first.at("waiting_ms").as_int64() >= 1900);
    CHECK(first.at("age_ms").as_int64() >= 1900);
    CHECK(first.at("address") == "");
    CHECK_FALSE(first.as_object().contains("rtt_us"));
    CHECK(second.at("name") == "slow");
    CHECK(second.at("form") == "json");
    CHECK(second.at("waiting_ms").as_int64() < first.at("waiting_ms").as_int64());
    CHECK(second.at("sent_bytes").as_int64() > 5 * 100);
    const auto& rest = all.at("connections").as_array();
    for (std::size_t i = 2; i < rest.size(); ++i) {
      CHECK(rest[i].at("lag_bytes") == 0);
      CHECK(rest[i].at("waiting_ms") == 0);
      if (rest[i].at("name") == "ada") CHECK(rest[i].at("received_bytes").as_int64() > 7 * 100);
    }
    CHECK(names(told("?limit=1")) == strings{"slower"});
    CHECK(told("?limit=1").at("count") == 4);
    CHECK(f.get("/debug/connections?limit=x").status == 400);
    CHECK(f.ask("GET /debug/connections HTTP/1.1\r\nHost: x\r\n\r\n").status == 401);
    auto nobody = f.connect(false);
    nobody.send(fixture::request("GET", "/debug/connections"));
    CHECK(fixture::read(nobody).status == 404);
    CHECK(elsewhere.take().empty());
  }
}

TEST_CASE_FIXTURE(fixture, "the description of the API has each of its routes, and nothing else") {
  const auto described = boost::json::parse(get("/api/openapi.json").body);
  CHECK(described.at("openapi") == "3.1.0");
  CHECK(described.at("info").at("title") == "roomcast");
  std::set<std::string> found, wanted;
  for (const auto& [path, item] : described.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      if (method == "parameters") continue;
      found.insert(fmt::format("{} {}", std::string_view{method.data(), method.size()}, std::string_view{path.data(), path.size()}));
      CHECK(operation.at("responses").as_object().size() != 0);
      const bool is_open = operation.as_object().contains("security") && operation.at("security").as_array().empty();
      CHECK(is_open != operation.at("responses").as_object().contains("401"));
    }
  }
  for (const auto& each : server::routes()) {
    if (!each.path.starts_with("/api")) continue;
    std::string method{http::to_string(each.method)};
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    wanted.insert(fmt::format("{} {}", method, each.path));
  }
  CHECK(found == wanted);
}
