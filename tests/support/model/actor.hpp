#pragma once

#include "dice.hpp"
#include "reader.hpp"
#include "stage.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace roomcast::test::model {

/// A member, or one that was: a peer, what it has sent, and what has come to it, held against its `reader`.
class actor {
 public:
  using time = reader::time;

  actor(peer link, std::string name, room& where, reader r) : link_(std::move(link)), name_(std::move(name)), where_(&where), reader_(std::move(r)) {}

  const std::string& name() const { return name_; }
  room& where() const { return *where_; }
  reader& as_reader() { return reader_; }
  const reader& as_reader() const { return reader_; }
  bool is_in(const room& r) const { return reader_.is_member() && where_ == &r; }
  bool is_free() const { return is_free_; }
  bool is_gone() const { return link_.is_gone(); }
  bool is_in_message() const { return !unsent_.empty(); }
  bool is_pinged() const { return is_pinged_; }
  bool has_ended() const { return has_ended_; }

  /// The server has said its last word.
  bool is_parted() const { return reader_.is_closed() || link_.pipe().server_ended; }

  /// Appends `text` to `bytes` as one frame or several, perhaps with pings between.
  void write(std::string& bytes, std::string_view text, dice& d);

  void ping(std::string& bytes);

  /// Keeps what of `bytes` comes after the first `sent`, and is of a message with `text`.
  void keep(std::string& bytes, std::size_t sent, std::string text);

  /// What was kept: bytes and text.
  std::pair<std::string, std::string> unsent() { return {std::exchange(unsent_, {}), std::exchange(unsent_text_, {})}; }

  // what it does

  void queue(std::string_view bytes, time now);
  void answer(time now);
  void close(unsigned code, time now);
  void end();
  void reset();
  void stall(std::size_t window);
  void take();
  void resume();

  /// Looks at what has come.
  void listen(time now);

  /// Everything has happened that can.
  void settles(bool is_member, time now);

 private:
  void read(time now);
  void hears_pong(std::string_view payload);

  peer link_;
  std::string name_;
  room* where_;
  reader reader_;

  std::string unsent_, unsent_text_;
  unsigned pings_ = 0;           // sent, or about to be
  unsigned finished_pings_ = 0;  // sent by a member
  unsigned pongs_ = 0;           // the latest
  bool has_ended_ = false;
  bool is_pinged_ = false;

  std::string unread_;    // a frame's beginning
  std::size_t seen_ = 0;  // of what the pipe holds
  bool is_free_ = true;   // takes all that comes
};

}  // namespace roomcast::test::model
