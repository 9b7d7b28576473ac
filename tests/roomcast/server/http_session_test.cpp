#include "roomcast/server/http_session.hpp"

#include "stage.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

using namespace roomcast;
using namespace std::chrono_literals;

namespace {

struct fixture {
  explicit fixture(std::function<void(const access_record&)> access = {}) : stage(with(std::move(access))) {
    auto io = std::make_unique<test::memory_transport>(pipe, stage.hub().home()->executor());
    auto c = std::make_shared<connection>(stage.hub().home(), std::move(io));
    stage.hub().start(*stage.hub().home(), server::serve_http(std::move(c), 10s), [this] { over = true; });
    stage.settle();
  }

  static options with(std::function<void(const access_record&)> access) {
    options o;
    o.access = std::move(access);
    return o;
  }

  // The statuses of what was answered so far, one after another.
  std::string statuses() {
    std::string found;
    const auto answer = browser.take();
    for (std::size_t at = 0; (at = answer.find("HTTP/1.1 ", at)) != answer.npos; at += 9) found += answer.substr(at + 9, 3) + " ";
    return found;
  }

  std::string answer_to(const std::string& request) {
    browser.send(request);
    return statuses();
  }

  std::shared_ptr<test::memory_pipe> pipe = std::make_shared<test::memory_pipe>();
  bool over = false;
  test::stage stage;
  test::peer browser{stage, *stage.hub().home(), pipe};
};

std::string get(const std::string& target, const std::string& more = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

}  // namespace

TEST_CASE_FIXTURE(fixture, "requests are answered one after another on one connection") {
  CHECK(answer_to(get("/healthz")) == "200 ");
  CHECK(answer_to(get("/readyz") + get("/nothing") + get("/chat-like")) == "200 404 404 ");
  CHECK_FALSE(over);
  CHECK(answer_to(get("/healthz", "Connection: close\r\n")) == "200 ");
  CHECK(pipe->server_ended);
}

TEST_CASE_FIXTURE(fixture, "a request may come byte by byte, but not for ever") {
  for (const char byte : get("/healthz")) browser.send({&byte, 1});
  CHECK(statuses() == "200 ");
  browser.send("GET /he");
  stage.pass(9s);
  CHECK_FALSE(browser.is_gone());
  stage.pass(2s);
  CHECK(browser.is_gone());
  CHECK(over);
}

TEST_CASE_FIXTURE(fixture, "the page names the chat's path and allows only its own files") {
  browser.send(get("/"));
  const auto page = browser.take();
  CHECK(page.find("data-path=\"/chat\"") != page.npos);
  CHECK(page.find("Content-Security-Policy: default-src 'none'; script-src 'self'") != page.npos);
}

TEST_CASE_FIXTURE(fixture, "each file of the page says what it is") {
  const auto type_of = [this](const std::string& target) {
    browser.send(get(target));
    const auto answer = browser.take();
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.find("X-Content-Type-Options: nosniff\r\n") != answer.npos);
    CHECK(answer.find("Cache-Control: no-cache\r\n") != answer.npos);
    const auto from = answer.find("Content-Type: ") + 14;
    return answer.substr(from, answer.find(';', from) - from);
  };
  CHECK(type_of("/") == "text/html");
  CHECK(type_of("/page.css") == "text/css");
  CHECK(type_of("/page.js") == "text/javascript");
  CHECK(type_of("/message-list.js") == "text/javascript");
  CHECK(type_of("/roomcast.js") == "text/javascript");
  CHECK(type_of("/roomcast.d.ts") == "application/typescript");
}

TEST_CASE_FIXTURE(fixture, "the client module is for the pages of other hosts, too, and the page is not") {
  const auto is_for_all = [this](const std::string& target) {
    browser.send(get(target));
    return browser.take().find("Access-Control-Allow-Origin: *\r\n") != std::string::npos;
  };
  CHECK(is_for_all("/roomcast.js"));
  CHECK(is_for_all("/roomcast.d.ts"));
  CHECK_FALSE(is_for_all("/"));
}

TEST_CASE_FIXTURE(fixture, "without an upgrade, a handshake is told what would be in its way") {
  CHECK(answer_to(get("/chat") + get("/chat/ops") + get("/chat?name=ada")) == "426 426 426 ");
  CHECK(answer_to(get("/chat?name=%5Bada%5D") + get("/chat/a%20b?name=ada")) == "400 404 ");
  CHECK(answer_to(get("/chat?name=server")) == "409 ");
  CHECK_FALSE(over);
  CHECK(stage.count().rooms == 0);
}

TEST_CASE_FIXTURE(fixture, "HEAD has the headers and no body") {
  browser.send("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = browser.take();
  CHECK(answer.find("Content-Length: 3\r\n") != answer.npos);
  CHECK(answer.ends_with("\r\n\r\n"));
  browser.send("HEAD /chat HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(browser.take().ends_with("\r\n\r\n"));
}

TEST_CASE_FIXTURE(fixture, "other methods are told which are answered") {
  browser.send("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  const auto answer = browser.take();
  CHECK(answer.starts_with("HTTP/1.1 405 "));
  CHECK(answer.find("Allow: GET, HEAD\r\n") != answer.npos);
}

TEST_CASE("what is no acceptable request is told what is wrong, and ends the connection") {
  const auto answer = [](const std::string& request) {
    fixture f;
    const auto statuses = f.answer_to(request);
    CHECK(f.pipe->server_ended);
    return statuses;
  };
  CHECK(answer("nonsense\r\n\r\n") == "400 ");
  CHECK(answer("GET / HTTP/1.1\r\n\r\n") == "400 ");
  CHECK(answer("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == "400 ");
  CHECK(answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n") == "400 ");
  CHECK(answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n") == "400 ");
  CHECK(answer(get("/", "X: " + std::string(9000, 'x') + "\r\n")) == "431 ");
  CHECK(answer("GET /" + std::string(20'000, 'x')) == "431 ");
  CHECK(answer(get("/" + std::string(5000, 'x'))) == "414 ");
  CHECK(answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n") == "413 ");
}

TEST_CASE("what two servers could read differently is refused, and ends the connection") {
  const auto answer = [](const std::string& request) {
    fixture f;
    const auto statuses = f.answer_to(request + get("/healthz"));
    CHECK(f.pipe->server_ended);
    return statuses;
  };
  const auto with = [&](const std::string& headers, const std::string& body = "abc", const std::string& version = "1.1") {
    CAPTURE(headers);
    CAPTURE(body);
    CHECK(answer("POST / HTTP/" + version + "\r\nHost: x\r\n" + headers + "\r\n" + body) == "400 ");
  };
  with("Content-Length: 3\r\nContent-Length: 3\r\n");
  with("Content-Length: 3, 3\r\n");
  for (const std::string length : {"+3", "-3", "0x3", "3 3", "", "3.0", "99999999999999999999", "\"3\""}) with("Content-Length: " + length + "\r\n");
  with("Content-Length : 3\r\n");
  with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n");
  with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n");
  with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n");
  with("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "1.0");
  for (const std::string coding : {"gzip", "identity", "chunked, gzip", "gzip, chunked", "chunked, chunked", "xchunked", "chunked;q=1", "\vchunked", ""})
    with("Transfer-Encoding: " + coding + "\r\n", "0\r\n\r\n");
  with("Transfer-Encoding: gzip\r\nContent-Length: 3\r\n");
  with("Transfer-Encoding : chunked\r\n", "0\r\n\r\n");
  with("X: y\r\n Transfer-Encoding: chunked\r\n", "");
  with("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n");
  with("X: y\nContent-Length: 3\r\n");
  with("X: y\rContent-Length: 3\r\n");
  with(std::string{"X: y\0z\r\n", 8}, "");
  for (const std::string chunk : {"-1", "+3", "0x3", "3 3", "", "g", "fffffffffffffffff", "3;", "3;a=\"\n\""})
    with("Transfer-Encoding: chunked\r\n", chunk + "\r\nabc\r\n0\r\n\r\n");
  with("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n");
  with("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n");
  with("Transfer-Encoding: chunked\r\n", "3\r\nabc\n0\r\n\r\n");
  with("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n");
  CHECK(answer("GET / HTTP/1.1\nHost: x\r\n\r\n") == "400 ");
  CHECK(answer("GET / HTTP/1.1\nHost: x\n\n") == "400 ");
  CHECK(answer(" GET / HTTP/1.1\r\nHost: x\r\n\r\n") == "400 ");
}

TEST_CASE_FIXTURE(fixture, "a body that waits to be asked for is asked for, and what else is expected is refused") {
  const std::string head = "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n";
  CHECK(answer_to(head + "Expect: 100-Continue\r\n\r\n") == "100 ");
  CHECK(answer_to("abc") == "405 ");
  CHECK(answer_to(head + "Expect: 100-continue\r\n\r\nabc") == "405 ");
  CHECK(answer_to("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n") == "413 ");
  fixture other;
  CHECK(other.answer_to(head + "Expect: the best\r\n\r\n") == "417 ");
  CHECK(other.pipe->server_ended);
}

TEST_CASE_FIXTURE(fixture, "who does not read its answers is asked for nothing more, and is dropped after a while") {
  browser.set_window(1000);
  for (int i = 0; i < 100; ++i) browser.send(get("/page.js"));
  CHECK(stage.hub().shared().memory.held() < 300'000);
  CHECK(pipe->to_server.size() > 1000);
  stage.pass(31s);
  CHECK(over);
}

TEST_CASE("the access log is told of each answer") {
  std::string told;
  fixture f{[&](const access_record& a) { told += fmt::format("{} {} {}, ", a.method, a.path, a.status); }};
  f.browser.send(get("/healthz?x") + "HEAD /no HTTP/1.1\r\nHost: x\r\n\r\n" + "nonsense\r\n\r\n");
  CHECK(told == "GET /healthz 200, HEAD /no 404,   400, ");
}

TEST_CASE_FIXTURE(fixture, "a chunk's extension that does not end is refused before it fills the memory") {
  browser.send("POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;");
  std::size_t sent = 0;
  for (const std::string some(10'000, 'a'); !pipe->server_ended && sent < 1'000'000; sent += some.size()) browser.send(some);
  CHECK(sent < 50'000);
  CHECK(statuses() == "431 ");
}

TEST_CASE_FIXTURE(fixture, "trailers that do not end are refused, too") {
  browser.send("POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
  std::size_t sent = 0;
  for (const std::string some = "Trailer: " + std::string(1000, 'a') + "\r\n"; !pipe->server_ended && sent < 1'000'000; sent += some.size())
    browser.send(some);
  CHECK(sent < 300'000);
}

TEST_CASE_FIXTURE(fixture, "an upgrade request makes a member, and what came with it is read") {
  browser.send(get("/chat?name=ada", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") +
               test::masked_text("hello"));
  const auto answer = browser.take();
  CHECK(answer.starts_with("HTTP/1.1 101 "));
  CHECK(answer.ends_with("[ada] hello"));
}
