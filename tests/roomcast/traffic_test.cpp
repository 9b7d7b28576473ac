#include "application.hpp"
#include "clients.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::test;
using namespace std::chrono_literals;

namespace {

// Comes and goes, ending each time in another way.
asio::awaitable<void> churn(std::uint16_t port, int times, unsigned seed) {
  std::mt19937 random{seed};
  for (int i = 0; i < times; ++i) {
    auto ws = co_await connect(port);
    auto& socket = ws->next_layer();
    const unsigned how = random() % 4;
    if (how == 0) {
      boost::system::error_code ignored;
      co_await ws->async_close(beast::websocket::close_code::normal, asio::redirect_error(use_awaitable, ignored));
      continue;
    }
    if (how == 1) co_await receive(*ws);  // something of the busy room
    const std::string half_a_frame{"\x81\xfe\x10\x00mask and then no more", 26};
    if (how != 2) co_await asio::async_write(socket, asio::buffer(half_a_frame), use_awaitable);
    if (how != 3) socket.set_option(asio::socket_base::linger(true, 0));  // a RST
    socket.close();
  }
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("everyone sees the same order with nothing lost or doubled, while others come and go") {
  const int members = scaled(200), senders = scaled(20), churners = scaled(50), each = scaled(200), visits = scaled(20);
  test::application app{{.retain_messages = 0}};
  clients peers;
  peers.start(connect(app.port())).get();  // what is made once is made now
  app.wait_until([](const counters& c) { return c.sessions == 0; });
  const auto descriptors = open_descriptors();
  {
    std::vector<std::unique_ptr<stream>> joined;
    for (int i = 0; i < members; ++i) joined.push_back(peers.start(connect(app.port(), "/chat?name=m" + std::to_string(i))).get());
    REQUIRE(app.wait_until([&](const counters& c) { return c.members == static_cast<std::size_t>(members); }));

    std::vector<std::vector<std::string>> heard(static_cast<std::size_t>(members));
    std::vector<std::future<void>> work;
    const auto total = static_cast<std::size_t>(senders * each);
    for (std::size_t i = 0; i < joined.size(); ++i) work.push_back(peers.start(hear(*joined[i], total, heard[i])));
    for (int i = 0; i < senders; ++i) work.push_back(peers.start(say(*joined[static_cast<std::size_t>(i)], 0, each)));
    std::vector<std::future<void>> churning;
    for (int i = 0; i < churners; ++i) churning.push_back(peers.start(churn(app.port(), visits, static_cast<unsigned>(i))));
    for (auto& w : work) {
      REQUIRE(w.wait_for(180s) == std::future_status::ready);
      w.get();
    }

    for (const auto& h : heard) CHECK(h == heard[0]);
    std::map<std::string, int> next;
    for (const auto& message : heard[0]) {
      const auto name = message.substr(0, message.find(' '));
      CHECK(message == name + " " + std::to_string(next[name]++));
    }
    CHECK(next.size() == static_cast<std::size_t>(senders));
    for (const auto& [name, count] : next) CHECK(count == each);

    // Those who wait for something to be said hear it, until all have had their visits.
    const auto churning_is_over = [&] {
      return std::all_of(churning.begin(), churning.end(), [](auto& c) { return c.wait_for(0s) == std::future_status::ready; });
    };
    while (!churning_is_over()) app.chat().publish("lobby", "still busy", asio::use_future).get();
    for (auto& c : churning) c.get();
    asio::post(peers.context, asio::use_future([&] { joined.clear(); })).get();
  }
  CHECK(app.wait_until([](const counters& c) { return c.members == 0 && c.rooms == 0 && c.sessions == 0; }));
  const auto count = app.count();
  CHECK(count.joins == count.leaves);
  CHECK(open_descriptors() == descriptors);
}
