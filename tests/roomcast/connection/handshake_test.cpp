#include "roomcast/connection/handshake.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace roomcast;

namespace {

request_header good(std::string_view target = "/chat") {
  request_header r;
  r.method(http::verb::get);
  r.target({target.data(), target.size()});
  r.version(11);
  r.set(http::field::host, "example.org:8080");
  r.set(http::field::upgrade, "websocket");
  r.set(http::field::connection, "Upgrade");
  r.set(http::field::sec_websocket_version, "13");
  r.set(http::field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
  return r;
}

const options config;

unsigned status(const request_header& r, const options& o = config) {
  const auto examined = examine(r, o);
  const auto* const refused = std::get_if<response>(&examined);
  return refused ? refused->status : 101;
}

template <class Change>
unsigned status_after(Change change) {
  auto r = good();
  change(r);
  return status(r);
}

}  // namespace

TEST_CASE("a good request is let in, to the lobby or to its room, with its name or without") {
  const auto where = [](std::string_view target) {
    const auto examined = examine(good(target), config);
    REQUIRE(std::holds_alternative<admission>(examined));
    const auto& a = std::get<admission>(examined);
    return a.room + "|" + a.name;
  };
  CHECK(where("/chat") == "lobby|");
  CHECK(where("/chat/ops") == "ops|");
  CHECK(where("/chat/o%70s?name=ada") == "ops|ada");
  CHECK(where("/chat?name=Ada+Lovelace") == "lobby|Ada Lovelace");
  CHECK(where("/chat?name=%E5%90%8D%E5%89%8D") == "lobby|名前");
  CHECK(where("/chat?other=1") == "lobby|");
}

TEST_CASE("what is not a WebSocket handshake is told what is wrong") {
  CHECK(status(good()) == 101);
  CHECK(status_after([](auto& r) { r.method(http::verb::post); }) == 405);
  CHECK(status_after([](auto& r) { r.version(10); }) == 400);
  CHECK(status_after([](auto& r) { r.erase(http::field::host); }) == 400);
  CHECK(status_after([](auto& r) { r.insert(http::field::host, "b"); }) == 400);
  CHECK(status_after([](auto& r) { r.erase(http::field::upgrade); }) == 426);
  CHECK(status_after([](auto& r) { r.set(http::field::upgrade, "h2c"); }) == 426);
  CHECK(status_after([](auto& r) { r.set(http::field::connection, "close"); }) == 400);
  CHECK(status_after([](auto& r) { r.erase(http::field::sec_websocket_version); }) == 400);
  CHECK(status_after([](auto& r) { r.set(http::field::sec_websocket_version, "8"); }) == 426);
  CHECK(status_after([](auto& r) { r.erase(http::field::sec_websocket_key); }) == 400);
  CHECK(status_after([](auto& r) { r.set(http::field::content_length, "5"); }) == 400);
  CHECK(status_after([](auto& r) { r.set(http::field::content_length, "0"); }) == 101);
  CHECK(status_after([](auto& r) { r.set(http::field::transfer_encoding, "chunked"); }) == 400);
}

TEST_CASE("a key is the base64 of 16 bytes") {
  for (const auto* bad : {"", "x", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZ===",
                          "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ=="}) {
    CAPTURE(bad);
    CHECK(status_after([&](auto& r) { r.set(http::field::sec_websocket_key, bad); }) == 400);
  }
}

TEST_CASE("a wrong version is told the right one") {
  auto r = good();
  r.set(http::field::sec_websocket_version, "12");
  CHECK(std::get<response>(examine(r, config)).headers == "Sec-WebSocket-Version: 13\r\n");
}

TEST_CASE("paths that are not the chat's, and rooms that cannot be, are not found") {
  for (const auto* target : {"/", "/chatter", "/chat/", "/chat/a/b", "/chat/a%2Fb", "/chat/a%2", "/chat/%C3%A9", "/other", "*"}) {
    CAPTURE(target);
    CHECK(status(good(target)) == 404);
  }
}

TEST_CASE("names that cannot be are refused") {
  for (const auto* target : {"/chat?name=", "/chat?name=user7", "/chat?name=%0A", "/chat?name=%5Bx%5D", "/chat?name=%", "/chat?name=%FF"}) {
    CAPTURE(target);
    CHECK(status(good(target)) == 400);
  }
}

TEST_CASE("a page may connect to its own host, and to others where it is allowed") {
  const auto allowed = [](std::string_view origin, std::string_view host, std::vector<std::string> others = {}) {
    return is_origin_allowed(origin, host, others);
  };
  CHECK(allowed("http://example.org", "example.org"));
  CHECK(allowed("https://example.org", "example.org"));
  CHECK(allowed("https://EXAMPLE.org", "example.ORG"));
  CHECK(allowed("http://example.org:8080", "example.org:8080"));
  CHECK(allowed("https://example.org", "example.org:443"));
  CHECK(allowed("http://example.org:80", "example.org"));
  CHECK(allowed("http://[::1]:8080", "[::1]:8080"));
  CHECK_FALSE(allowed("http://example.org", "example.org:8080"));
  CHECK_FALSE(allowed("http://example.org:8080", "example.org"));
  CHECK_FALSE(allowed("http://evil.example.org", "example.org"));
  CHECK_FALSE(allowed("http://example.org.evil", "example.org"));
  CHECK_FALSE(allowed("null", "example.org"));
  CHECK_FALSE(allowed("null", "null"));
  CHECK_FALSE(allowed("", ""));
  CHECK_FALSE(allowed("example.org", "example.org"));
  CHECK(allowed("https://other.org", "example.org", {"https://other.org"}));
  CHECK_FALSE(allowed("http://other.org", "example.org", {"https://other.org"}));
  CHECK(allowed("null", "example.org", {"*"}));
}

TEST_CASE("a foreign page is refused, and a client that is no page is not") {
  CHECK(status_after([](auto& r) { r.set(http::field::origin, "http://evil.example"); }) == 403);
  CHECK(status_after([](auto& r) { r.set(http::field::origin, "null"); }) == 403);
  CHECK(status_after([](auto& r) { r.set(http::field::origin, "http://example.org:8080"); }) == 101);
}
