#include "stage.hpp"

#include "feed.hpp"

#include "roomcast/wire/frame.hpp"

#include <boost/beast/http/field.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <utility>

namespace roomcast::test {

std::string masked(unsigned first_byte, std::string_view payload) {
  std::string frame{wire::make_header(wire::opcode::text, payload.size())};
  frame[0] = static_cast<char>(first_byte);
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80u);
  frame += "mask";
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ "mask"[i % 4]);
  return frame;
}

upgrade_request upgrade_to(const std::string& target) {
  upgrade_request request{boost::beast::http::verb::get, target, 11};
  request.set("Host", "example.org");
  request.set("Upgrade", "websocket");
  request.set("Connection", "keep-alive, Upgrade");
  request.set("Sec-WebSocket-Version", "13");
  request.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  return request;
}

peer::~peer() {
  if (!pipe_) return;
  reset();
}

void peer::send(std::string_view bytes) {
  queue(bytes);
  stage_->settle();
}

void peer::queue(std::string_view bytes) {
  pipe_->to_server += bytes;
  memory_transport::wake(*pipe_, lane_->executor());
}

void peer::end() {
  pipe_->peer_ended = true;
  send({});
}

void peer::reset() {
  pipe_->peer_reset = true;
  send({});
}

void peer::set_window(std::size_t window) {
  pipe_->window = window;
  send({});
}

std::string peer::take() {
  auto taken = std::exchange(pipe_->from_server, {});
  send({});
  return taken;
}

std::string peer::take_head(unsigned status) {
  auto& answer = pipe_->from_server;
  REQUIRE(answer.starts_with(fmt::format("HTTP/1.1 {} ", status)));
  const auto size = answer.find("\r\n\r\n") + 4;
  auto head = answer.substr(0, size);
  answer.erase(0, size);
  return head;
}

std::vector<std::string> peer::take_texts() { return texts(take()); }

unsigned peer::take_close() {
  std::string bytes = take();
  std::string_view rest = bytes;
  while (rest.size() >= 4) {
    const auto header = wire::parse_header(std::as_bytes(std::span{rest}));
    if (!header) return 0;
    if (header->op == wire::opcode::close)
      return static_cast<unsigned>(static_cast<unsigned char>(rest[2]) << 8 | static_cast<unsigned char>(rest[3]));
    rest.remove_prefix(std::min<std::size_t>(rest.size(), header->size + static_cast<std::size_t>(header->payload)));
  }
  return 0;
}

stage::stage(options o, std::size_t lanes, std::unique_ptr<log::store> s)
    : hub_(std::make_shared<roomcast::hub>(std::vector<asio::any_io_executor>(lanes, asio::any_io_executor{context_.get_executor()}), std::move(o),
                                           lane_threading::many, [this] { return now_; }, std::move(s))) {}

stage::~stage() {
  hub_->abandon();
  settle();
  hub_->end();
}

peer stage::ask(const std::string& target, const std::string& more_headers, const std::string& early) {
  auto request = upgrade_to(target);
  if (const auto colon = more_headers.find(": "); colon != more_headers.npos)
    request.set(more_headers.substr(0, colon), more_headers.substr(colon + 2));
  return ask(std::move(request), early);
}

peer stage::ask(upgrade_request request, const std::string& early) {
  auto pipe = std::make_shared<memory_pipe>();
  lane& where = *hub_->lanes()[peers_++ % hub_->lanes().size()];
  hub_->serve(where, std::make_unique<memory_transport>(pipe, where.executor()), std::move(request), early, [] {});
  settle();
  return {*this, where, std::move(pipe)};
}

peer stage::join_json(const std::string& target) {
  auto joined = ask(target, "Sec-WebSocket-Protocol: roomcast.v1");
  const auto head = joined.take_head(101);
  REQUIRE(head.find("Sec-WebSocket-Protocol: roomcast.v1\r\n") != head.npos);
  return joined;
}

peer stage::join(const std::string& target, const std::string& early) {
  auto joined = ask(target, {}, early);
  joined.take_head(101);
  return joined;
}

void stage::settle() {
  context_.restart();
  context_.poll();
}

void stage::pass(std::chrono::milliseconds time) {
  for (const auto end = now_ + time; now_ < end;) {
    now_ += std::min<std::chrono::steady_clock::duration>(timer_wheel::tick, end - now_);
    for (const auto& each : hub_->lanes()) each->advance();
    settle();
  }
}

std::shared_ptr<bool> stage::stop(std::chrono::milliseconds deadline) {
  auto done = std::make_shared<bool>(false);
  hub_->stop(deadline, [done] { *done = true; });
  settle();
  return done;
}

}  // namespace roomcast::test
