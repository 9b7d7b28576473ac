#include <roomcast/chat.hpp>

#include <boost/asio/io_context.hpp>

#ifdef BOOST_BEAST_WEBSOCKET_HPP
#error "the public headers are to leave Beast's WebSocket out"
#endif
#ifdef BOOST_BEAST_WEBSOCKET_STREAM_HPP
#error "the public headers are to leave Beast's WebSocket out"
#endif

int main() {
  boost::asio::io_context context;
  roomcast::chat chat{context.get_executor()};
  bool published = false;
  chat.publish("lobby", "hello", [&](roomcast::error_code ec, roomcast::receipt r) { published = !ec && r.seq == 1; });
  context.run();
  return published ? 0 : 1;
}
