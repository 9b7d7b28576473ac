#pragma once

#include "roomcast/connection/acknowledgements.hpp"
#include "roomcast/connection/deadlines.hpp"
#include "roomcast/connection/inbox.hpp"
#include "roomcast/connection/outbox.hpp"
#include "roomcast/connection/pacing.hpp"
#include "roomcast/connection/transport.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/member.hpp"
#include "roomcast/room/rate_limit.hpp"
#include "roomcast/wire/close_code.hpp"

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace roomcast {

/// One peer: its transport, what it has sent and has not been read (`inbox`), what it is owed (`outbox`), and its deadlines.
/// The only one who writes to the transport. A coroutine reads from it; a room gives it batches. Lane only.
class connection final : public member,
                         public transport::writer,
                         public std::enable_shared_from_this<connection>,
                         timer_wheel::entry {
 public:
  connection(std::shared_ptr<lane> home, std::unique_ptr<transport> io);

  ~connection() { timer_wheel::entry::cancel(); }  // before the lane, which has the wheel, may go

  lane& home() const noexcept { return *home_; }
  inbox& incoming() noexcept { return inbox_; }

  // reading

  class pace_awaiter;

  /// Completes when the next message may be read: at once, unless the connection is over its rate.
  pace_awaiter pace() noexcept;

  /// Whether nothing waits to be read of one that was over its rate, and so is not any more; otherwise, more has come into
  /// `incoming`.
  bool has_caught_up();

  class readable_awaiter;

  /// Completes when there is something to `receive`, or nothing ever will be.
  readable_awaiter readable() noexcept;

  void wait_readable(transport::waiter& w, suspended who) { io_->async_wait_readable(w, std::move(who)); }

  class unclogged_awaiter;

  /// Completes when little waits for the peer alone: at once, unless it asks for more than it reads.
  unclogged_awaiter unclogged() noexcept;

  /// Moves what has come into `incoming`, at most a buffer full, without waiting. False where nothing has.
  bool receive();

  /// Nothing more is to be read: the peer has ended or is lost, or a Close is on its way to it.
  bool over() const noexcept { return ended_ || outbox_.closing(); }

  /// Completes when the connection is over; what still comes is discarded.
  task<> until_over();

  /// Sends what is owed to the peer, ends our side, and discards what still comes, until the peer ends or `close_timeout`
  /// is over: to close a socket that has unread bytes would destroy what is on its way to the peer.
  task<> linger();

  // writing

  /// Bytes for this peer alone, at the next boundary between frames.
  void send(std::string_view bytes);

  /// Bytes for this peer alone, after all of the room's log before `position`.
  void send_at(std::uint64_t position, std::string_view bytes);

  /// Answers a ping.
  void pong(std::string_view payload);

  /// Sends a Close after the frame that is half sent, and wakes whoever reads: for them the connection is over.
  void close(std::uint16_t code, std::string_view reason);

  /// Like `close`, with a Close frame that is ready.
  void close_with(std::string_view frame);

  /// Whether bytes wait for the peer to take them.
  bool is_blocked() const noexcept { return blocked_; }

  void drop() noexcept override;

  /// The first Close, whoever's it is, has `code`. Those of `close` and `close_with` are known.
  void note_close(std::uint16_t code) noexcept;

  /// The code of the first Close; 1006 where there was none.
  std::uint16_t close_code() const noexcept { return close_code_ != 0 ? close_code_ : wire::close_code::abnormal; }

  /// The peer's address, while it is connected; empty where its transport has none.
  std::string address() const { return io_->address(); }

  std::optional<transport::path> way_to_peer() const noexcept { return io_->way_to_peer(); }

  /// Bytes from the peer and to it, and since when there is the connection.
  std::uint64_t received_bytes() const noexcept { return received_bytes_; }
  std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
  timer_wheel::time_point began() const noexcept { return began_; }

  /// Since when it takes none of the bytes that wait for it; `deadlines::never` where none do.
  timer_wheel::time_point blocked_since() const noexcept { return deadlines_.blocked_since(); }

  // deadlines

  /// The handshake is done: pings, and limits for messages, begin.
  void open();

  /// The connection is dropped at `when`, unless `open` or a later `must_end` comes first.
  void must_end(timer_wheel::time_point when);

  // for the deadline of a message
  void message_began();
  void message_ended() noexcept { deadlines_.message_ended(); }

  std::uint64_t lag_through(const log::link& newest) const noexcept override { return outbox_.lag_through(newest); }
  std::size_t own_memory() const noexcept override { return inbox_.held() + outbox_.private_size() + outbox_.own_replay(); }

  void shed(const std::shared_ptr<log::link>& newest) override;

  /// Counts a ping or pong; false where they are too many.
  bool count_control() noexcept { return control_rate_.take(home_->now()); }

  // as a member

  /// It is written to so, once it has joined.
  void speak(wire::encoding form) {
    form_ = form;
    if (form == wire::encoding::json) acknowledgements_ = std::make_unique<acknowledgements>();
  }

  /// A message of its own, by way of JSON, is on its way to its room; with `ref`, it is acknowledged there.
  void expect_own(std::optional<std::string> ref) { acknowledgements_->expect(std::move(ref)); }

  /// A message of its own, with `ref`, is not taken, as more waits to be stored than should.
  void refuse_own(std::optional<std::string> ref);

  wire::encoding form() const noexcept override { return form_; }
  log::cursor cursor_at(const beginning& b) const noexcept override;
  void joined(log::cursor c) override { outbox_.follow(std::move(c)); }
  void deliver(const std::shared_ptr<log::link>& newest) override;
  void dismiss(std::string_view close, std::uint64_t flush_to) override;
  void send_away(std::uint64_t flush_to) override;
  void evict(eviction why) override;

 private:
  void on_writable(error_code ec) override;
  void on_deadline(timer_wheel::time_point now) override;
  void flush();
  void tell_outcome(const log::batch& b);
  std::string notice(std::string_view text) const;
  void catch_up(const std::shared_ptr<log::link>& newest);
  void discard();
  bool may_read_on();
  void hold_back(suspended who);
  bool is_clogged() const noexcept;
  void wait_unclogged(suspended who);
  void ping();
  void wake() noexcept;
  void wind_up();
  void schedule();

  const std::shared_ptr<lane> home_;
  const std::unique_ptr<transport> io_;
  inbox inbox_;
  outbox outbox_;
  deadlines deadlines_;
  rate_limit control_rate_;
  const std::unique_ptr<pacing> pacing_;  // null where there is no limit
  std::unique_ptr<acknowledgements> acknowledgements_;  // null but for one of JSON
  std::unique_ptr<lane::timer> unclogging_;  // never expires: cancelled when little waits again; only for one who has been clogged
  timer_wheel::time_point scheduled_ = deadlines::never;
  const timer_wheel::time_point began_;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::uint16_t close_code_ = 0;  // of the first Close; 0 before
  wire::encoding form_ = wire::encoding::text;
  bool open_ = false;      // the handshake is done
  eviction eviction_ = eviction::none;
  bool blocked_ = false;   // the transport took less than it was given; a wait for it is under way
  bool ended_ = false;     // the peer has ended, or is lost
  bool shut_down_ = false;  // our side has ended
};

/// What `connection::pace` waits for.
class [[nodiscard]] connection::pace_awaiter {
 public:
  explicit pace_awaiter(connection& c) noexcept : connection_(c) {}

  bool await_ready() const { return !connection_.pacing_ || connection_.may_read_on(); }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> who) {
    connection_.hold_back(suspended{who, who.promise().root});
  }

  void await_resume() const noexcept {}

 private:
  connection& connection_;
};

inline connection::pace_awaiter connection::pace() noexcept { return pace_awaiter{*this}; }

/// What `connection::unclogged` waits for.
class [[nodiscard]] connection::unclogged_awaiter {
 public:
  explicit unclogged_awaiter(connection& c) noexcept : connection_(c) {}

  bool await_ready() const noexcept { return !connection_.is_clogged(); }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> who) {
    connection_.wait_unclogged(suspended{who, who.promise().root});
  }

  void await_resume() const noexcept {}

 private:
  connection& connection_;
};

inline connection::unclogged_awaiter connection::unclogged() noexcept { return unclogged_awaiter{*this}; }

/// What `connection::readable` waits for.
class [[nodiscard]] connection::readable_awaiter final : transport::waiter {
 public:
  explicit readable_awaiter(connection& c) noexcept : connection_(c) {}

  bool await_ready() const noexcept { return connection_.ended_; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> who) {
    connection_.wait_readable(*this, suspended{who, who.promise().root});
  }

  void await_resume() const noexcept {}

 private:
  void on_ready(error_code, suspended who) override { who.resume(); }

  connection& connection_;
};

inline connection::readable_awaiter connection::readable() noexcept { return readable_awaiter{*this}; }

}  // namespace roomcast
