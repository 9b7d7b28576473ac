#include "roomcast/client/url.hpp"

#include <doctest/doctest.h>

#include <string>

using roomcast::client::parse_url;

namespace {

std::string parts(std::string_view text) {
  std::string fault;
  const auto url = parse_url(text, fault);
  return url ? url->host + " " + std::to_string(url->port) + " " + url->target : fault;
}

}  // namespace

TEST_CASE("a URL is a host, a port and a target") {
  CHECK(parts("ws://example.org") == "example.org 80 /");
  CHECK(parts("ws://example.org:8080/chat/ops?name=ada") == "example.org 8080 /chat/ops?name=ada");
  CHECK(parts("ws://example.org?name=ada") == "example.org 80 /?name=ada");
  CHECK(parts("ws://[::1]:9000/chat") == "::1 9000 /chat");
}

TEST_CASE("its authority is what a Host header says") {
  std::string fault;
  CHECK(parse_url("ws://example.org:80/", fault)->authority() == "example.org");
  CHECK(parse_url("ws://[::1]:9000/", fault)->authority() == "[::1]:9000");
}

TEST_CASE("parameters come before those that it has") {
  std::string fault;
  const auto target = [&](std::string_view text, std::string_view parameters) { return parse_url(text, fault)->with(parameters).target; };
  CHECK(target("ws://x/chat", "a=1&b=2") == "/chat?a=1&b=2");
  CHECK(target("ws://x/chat?name=ada&a=0", "a=1") == "/chat?a=1&name=ada&a=0");
  CHECK(target("ws://x/chat?", "a=1") == "/chat?a=1");
  CHECK(target("ws://x?name=ada", "") == "/?name=ada");
}

TEST_CASE("what is no such URL is told why") {
  CHECK(parts("http://x") == "'http://x' does not begin with ws://");
  CHECK(parts("wss://x").find("needs TLS") != std::string::npos);
  for (const auto* bad : {"", "ws://", "ws:///chat", "ws://:80", "ws://x:", "ws://x:0", "ws://x:70000", "ws://x:8a", "ws://[::1", "ws://[::1]x", "ws://x/a b", "ws://x/#f"}) {
    CAPTURE(bad);
    std::string fault;
    CHECK_FALSE(parse_url(bad, fault));
    CHECK_FALSE(fault.empty());
  }
}
