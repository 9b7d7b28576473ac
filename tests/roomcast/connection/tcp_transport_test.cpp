#include "roomcast/connection/tcp_transport.hpp"

#include "stage.hpp"

#include "roomcast/connection/connection.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

using namespace roomcast;
using namespace std::chrono_literals;

namespace {

int option_of(int descriptor, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  REQUIRE(getsockopt(descriptor, level, name, &value, &size) == 0);
  return value;
}

task<> wait_and_end(std::shared_ptr<connection> peer) { co_await peer->linger(); }

}  // namespace

TEST_CASE("the kernel is told to send at once, to bound what it holds, and to notice a peer that is no more") {
  test::stage stage;
  descriptor socket{::socket(AF_INET, SOCK_STREAM, 0)};
  REQUIRE(socket);
  const int number = socket.number();
  const tcp_transport transport{*stage.hub().home(), std::move(socket), {.send_buffer = 64 * 1024, .ping_interval = 7s, .send_timeout = 12s}};
  CHECK(option_of(number, IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(option_of(number, SOL_SOCKET, SO_SNDBUF) == 64 * 1024);
  CHECK(option_of(number, SOL_SOCKET, SO_KEEPALIVE) != 0);
  CHECK(option_of(number, IPPROTO_TCP, TCP_KEEPIDLE) == 7);
  CHECK(option_of(number, IPPROTO_TCP, TCP_USER_TIMEOUT) == 12'000);
}

TEST_CASE("a connection that the kernel will not watch is over") {
  test::stage stage;
  lane& home = *stage.hub().home();
  descriptor never_watched{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  REQUIRE(never_watched);
  auto peer = std::make_shared<connection>(home.shared_from_this(), std::make_unique<tcp_transport>(home, std::move(never_watched), home.config()));
  bool done = false;
  stage.hub().start(home, wait_and_end(std::move(peer)), [&] { done = true; });
  stage.settle();
  CHECK(done);
}
