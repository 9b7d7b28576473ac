#pragma once

#include "memory_transport.hpp"

#include "roomcast/hub.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::test {

/// A client's frame with the mask "mask".
std::string masked(unsigned first_byte, std::string_view payload);
inline std::string masked_text(std::string_view text) { return masked(0x81, text); }

/// The request of a WebSocket's client.
upgrade_request upgrade_to(const std::string& target);

class stage;

/// A peer of a hub's, over memory. What the server sends is held until it is taken.
class peer {
 public:
  peer(stage& s, lane& where, std::shared_ptr<memory_pipe> pipe) : stage_(&s), lane_(&where), pipe_(std::move(pipe)) {}
  peer(peer&&) = default;
  ~peer();

  void send(std::string_view bytes);

  /// The same, but nothing happens yet.
  void queue(std::string_view bytes);

  void end();
  void reset();

  /// Takes no more than `window` bytes that are not taken yet.
  void set_window(std::size_t window);

  /// All that has come, which makes room for more.
  std::string take();

  /// Takes the head of an HTTP answer, which has come and is of that status, and returns it.
  std::string take_head(unsigned status);

  /// The texts of the frames that have come.
  std::vector<std::string> take_texts();

  /// The code of the Close that has come last, or 0; what came before it is dropped.
  unsigned take_close();

  const memory_pipe& pipe() const { return *pipe_; }

  /// Whether the server has let go of the connection.
  bool is_gone() const { return pipe_->server_closed; }

 private:
  stage* stage_;
  lane* lane_;
  std::shared_ptr<memory_pipe> pipe_;
};

/// A hub with a manual clock, whose peers are in memory; everything runs inside the calls.
class stage {
 public:
  /// Peers are spread over `lanes` lanes, in turn.
  explicit stage(options o = {}, std::size_t lanes = 1, std::unique_ptr<log::store> s = nullptr);
  ~stage();

  /// A connection whose upgrade request has been sent; the answer is still to be taken.
  peer ask(const std::string& target = "/chat", const std::string& more_headers = {}, const std::string& early = {});

  peer ask(upgrade_request request, const std::string& early = {});

  /// A member; the 101 has been checked and taken.
  peer join(const std::string& target = "/chat", const std::string& early = {});

  /// A member of the subprotocol roomcast.v1; its welcome is still to be taken.
  peer join_json(const std::string& target = "/chat");

  /// Lets everything happen that can without time passing.
  void settle();

  /// Lets time pass, tick by tick.
  void pass(std::chrono::milliseconds time);

  /// Lets time pass in which nobody looks at the clock.
  void let_time_go_by(std::chrono::milliseconds time) { now_ += time; }

  /// A stop's way to its end; true when it is there.
  std::shared_ptr<bool> stop(std::chrono::milliseconds deadline);

  counters count() const {
    counters all;
    for (const auto& each : hub_->lanes()) all += each->count();
    return all;
  }

  roomcast::hub& hub() const { return *hub_; }

 private:
  friend class peer;
  std::chrono::steady_clock::time_point now_{std::chrono::hours{1}};
  asio::io_context context_;
  std::shared_ptr<roomcast::hub> hub_;
  std::size_t peers_ = 0;  // so far
};

}  // namespace roomcast::test
