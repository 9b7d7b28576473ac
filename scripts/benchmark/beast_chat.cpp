// A chat server as Boost.Beast's documentation outlines one in its example "chat-multi": a session has a
// queue of shared strings, and each message is one asynchronous write for each member.
//
//   g++ -std=c++20 -O3 -DNDEBUG -Wall -Wextra -pthread -o beast_chat beast_chat.cpp
//   beast_chat PORT
//
// The room is the path. Every text goes to everybody in the room, the sender included, as "[userN] text".
// One thread runs everything, so that nothing is locked or posted: this is the idea at its cheapest.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <cstdlib>
#include <deque>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

class session;

struct chat_rooms {
  std::map<std::string, std::unordered_set<session*>> by_path;
  unsigned joined = 0;
};

// Each handler holds the session; it is gone once none is left, which is when both reading and writing have failed.
class session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket socket, chat_rooms& rooms) : ws_(std::move(socket)), rooms_(rooms) {}

  ~session() {
    if (!room_) return;
    room_->second.erase(this);
    if (room_->second.empty()) rooms_.by_path.erase(room_->first);
  }

  void start() {
    http::async_read(beast::get_lowest_layer(ws_), buffer_, request_,
                     [self = shared_from_this()](error_code ec, std::size_t) { if (!ec) self->accept(); });
  }

 private:
  using room = std::pair<const std::string, std::unordered_set<session*>>;

  void accept() {
    ws_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    ws_.async_accept(request_, [self = shared_from_this()](error_code ec) { if (!ec) self->join(); });
  }

  void join() {
    const std::string target(request_.target());
    room_ = &*rooms_.by_path.try_emplace(target.substr(0, target.find('?'))).first;
    room_->second.insert(this);
    name_ = "[user" + std::to_string(rooms_.joined++) + "] ";
    request_ = {};
    read();
  }

  void read() {
    ws_.async_read(buffer_, [self = shared_from_this()](error_code ec, std::size_t) { if (!ec) self->relay(); });
  }

  void relay() {
    const auto message = std::make_shared<const std::string>(name_ + beast::buffers_to_string(buffer_.data()));
    buffer_.consume(buffer_.size());
    for (session* member : room_->second) member->send(message);
    read();
  }

  void send(std::shared_ptr<const std::string> message) {
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) write();
  }

  void write() {
    ws_.async_write(asio::buffer(*queue_.front()), [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) return;
      self->queue_.pop_front();
      if (!self->queue_.empty()) self->write();
    });
  }

  websocket::stream<beast::tcp_stream> ws_;
  chat_rooms& rooms_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  room* room_ = nullptr;  // an element of a map stays where it is
  std::string name_;
  std::deque<std::shared_ptr<const std::string>> queue_;
};

void accept_next(tcp::acceptor& acceptor, chat_rooms& rooms) {
  acceptor.async_accept([&](error_code ec, tcp::socket socket) {
    if (!ec) std::make_shared<session>(std::move(socket), rooms)->start();
    accept_next(acceptor, rooms);
  });
}

}  // namespace

int main(int argc, char** argv) try {
  const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 0);
  chat_rooms rooms;
  asio::io_context context{1};
  tcp::acceptor acceptor{context, {asio::ip::make_address("127.0.0.1"), port}};
  std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
  accept_next(acceptor, rooms);
  context.run();
} catch (const std::exception& reason) {
  std::cerr << reason.what() << '\n';
  return 1;
}
