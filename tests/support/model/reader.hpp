#pragma once

#include "room.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace roomcast::test::model {

/// What one member may hear, must have heard, and when it may and must be parted from. It is told what the peer does and
/// what is seen of the server; throws `contradiction`.
class reader {
 public:
  using time = std::chrono::milliseconds;

  /// What is to be seen of the server once everything has happened that can.
  struct view {
    bool is_member;  // in the room's registry
    bool has_ended;  // its side
    bool is_gone;    // has let go of the connection
    bool has_space;  // could send more
  };

  /// A member from now on: it hears what is said in `r` after this.
  reader(const room& r, std::uint64_t id, const options& o, time now);

  std::uint64_t id() const { return id_; }

  // what the peer does

  void speaks(time now);
  void begins_message(time now);
  void finishes_message();
  void closes(unsigned code);
  void ends() { ends_ = true; }
  void resets() { resets_ = true; }

  // what the server does

  void hears(std::string_view text);
  void hears_close(unsigned code, time now);
  void progresses(time now) { progress_ = waiting_ = now; }

  /// The server stops: members are closed with 1012 after what has been said, and all are dropped at `deadline`.
  void is_dismissed(time deadline);

  /// The server is short of memory: somebody is let go, or has to skip.
  void may_be_shed();

  /// What was said since the last settling has been offered, before what has come of it is heard. True if the reader was too
  /// slow for that for certain.
  bool is_offered();

  /// `complete`: what has come ends with a whole frame.
  void settles(const view& seen, bool complete, time now);

  bool is_member() const { return !left_; }
  bool is_closed() const { return closed_; }
  bool is_gone() const { return gone_; }

 private:
  std::size_t next_due(std::size_t from) const;
  std::size_t stands_at() const { return std::max(next_, skippable_); }
  bool is_silent_for(time t, time now) const;
  bool is_stuck_since(time t, time now) const { return now >= t + options_.send_timeout; }
  bool may_be_dropped(time now) const;
  bool must_be_dropped(time now) const;
  bool may_be_closed(unsigned code, time now) const;
  bool must_leave(time now) const;
  void leaves(time now);

  const room& room_;
  const options& options_;
  const std::uint64_t id_;
  std::size_t next_;           // of the room's messages, not heard yet
  std::size_t skippable_ = 0;  // what lies before it may be missed
  std::size_t last_;           // what lies behind it must not be heard
  bool may_be_slow_ = false;
  bool must_be_slow_ = false;
  bool may_be_shed_ = false;

  time heard_;     // the server, of the peer
  time progress_;  // no later than that, nothing was waiting or something came
  time waiting_;   // no earlier than that, something waits and nothing comes
  std::optional<time> message_;
  std::optional<time> left_;
  std::optional<time> stop_;  // when the server has parted from everybody
  bool is_dismissed_ = false;

  std::optional<unsigned> close_;
  bool ends_ = false;
  bool resets_ = false;
  bool closed_ = false;
  bool gone_ = false;
};

}  // namespace roomcast::test::model
