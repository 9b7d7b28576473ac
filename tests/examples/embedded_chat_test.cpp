#include "ws_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

using namespace roomcast::test;
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

// The example, as a process of its own on a free port.
class example {
 public:
  example() {
    int out[2];
    if (::pipe(out) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::close(out[0]);
      ::close(out[1]);
      const char* const path = std::getenv("EMBEDDED_CHAT");
      ::execl(path, path, "0", nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    FILE* const said = ::fdopen(out[0], "r");
    const int read = std::fscanf(said, "listening on port %hu", &port_);
    std::fclose(said);
    if (read != 1) throw std::runtime_error("the example does not say its port");
  }
  ~example() {
    if (pid_ > 0) end();
  }

  int end() {
    int status = 0;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string get(const std::string& target) const {
    asio::io_context context;
    asio::ip::tcp::socket socket{context};
    socket.connect({asio::ip::address_v4::loopback(), port_});
    http::request<http::empty_body> request{http::verb::get, target, 11};
    request.set(http::field::host, "localhost");
    http::write(socket, request);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> answer;
    http::read(socket, buffer, answer);
    return answer.body();
  }

  unsigned short port() const { return port_; }

 private:
  pid_t pid_ = 0;
  unsigned short port_ = 0;
};

}  // namespace

TEST_CASE("the example serves its own pages and a chat, and speaks in it") {
  example app;
  CHECK(app.get("/") == "an application\n");
  CHECK(app.get("/deployed") == "told 0 people\n");
  ws_client ada{app.port(), "/chat?name=ada"}, user{app.port()};
  ada.send("hello");
  CHECK(ada.receive() == "ada: hello");
  CHECK(user.receive() == "ada: hello");
  CHECK(app.get("/deployed") == "told 2 people\n");
  CHECK(ada.receive() == "server: a new version is out");
  CHECK(user.receive() == "server: a new version is out");
}

TEST_CASE("the example parts from its members when it is told to end") {
  example app;
  ws_client ada{app.port()};
  ada.send("hello");
  CHECK(ada.receive() == "user0: hello");
  std::thread reader{[&] { CHECK_FALSE(ada.receive()); }};
  CHECK(app.end() == 0);
  reader.join();
  CHECK(ada.close_code() == 1012);
}
