#include "roomcast/connection/connection.hpp"

#include "roomcast/wire/close_code.hpp"
#include "roomcast/wire/frame.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace roomcast {

namespace {

// The rest of a frame that is worth keeping when memory is short.
constexpr std::size_t little = 1024;

}  // namespace

connection::connection(std::shared_ptr<lane> home, std::unique_ptr<transport> io)
    : member(home->shared().next_connection++),
      home_(std::move(home)),
      io_(std::move(io)),
      inbox_(home_->buffers(), home_->config(), home_->shared().memory),
      outbox_(home_->shared().memory),
      deadlines_(home_->config()),
      control_rate_(home_->config().max_control_rate, home_->now()),
      pacing_(home_->config().rate != 0 ? std::make_unique<pacing>(*home_) : nullptr) {}

// reading

bool connection::receive() {
  if (over()) return false;
  error_code ec;
  const std::size_t n = io_->read_some(inbox_.space(), ec);
  inbox_.received(n);
  home_->count().bytes_in += n;
  if (n == 0)
    ended_ = ec != asio::error::would_block;
  else if (deadlines_.heard(home_->now()))
    schedule();
  return n != 0;
}

bool connection::may_read_on() { return over() || pacing_->rate.take(home_->now()); }

bool connection::has_caught_up() {
  if (!deadlines_.is_over_rate()) return true;
  if (receive()) return false;
  deadlines_.within_rate();
  return true;
}

void connection::hold_back(suspended who) {
  // One of which nothing is there to be read is at its rate, not over it.
  if (inbox_.unread().empty() && !receive()) {
    deadlines_.within_rate();
  } else {
    deadlines_.over_rate(home_->now());
    ++home_->count().held_back;
  }
  deadlines_.hold_back(pacing_->rate.next());
  schedule();
  pacing_->let_go.async_wait([this, who = std::move(who)](error_code) mutable {
    pacing_->rate.take(pacing_->rate.next());
    who.resume();
  });
}

task<> connection::linger() {
  if (!outbox_.closing()) outbox_.close({});
  wind_up();
  inbox_.release();
  while (!ended_) {
    co_await readable();
    error_code ec;
    ended_ = ended_ || (io_->read_some(inbox_.space(), ec) == 0 && ec != asio::error::would_block);
  }
  drop();  // a wait for the peer to take more would outlive the session
}

// writing

void connection::send(std::string_view bytes) {
  outbox_.add(bytes);
  flush();
}

void connection::pong(std::string_view payload) {
  outbox_.pong(payload);
  flush();
}

void connection::close(std::uint16_t code, std::string_view reason) { close_with(wire::make_close(code, reason)); }

void connection::close_with(std::string_view frame) {
  outbox_.close(frame);
  wind_up();
  wake();
}

void connection::drop() noexcept {
  ended_ = true;
  io_->close();
  wake();
}

// Whoever waits to read finds that it is over.
void connection::wake() noexcept {
  io_->cancel();
  if (pacing_) pacing_->let_go.cancel();
}

void connection::wind_up() {
  deadlines_.wind_up(home_->now() + home_->config().close_timeout);
  schedule();
  flush();
}

void connection::flush() {
  bool progress = false;
  while (!blocked_ && !ended_) {
    const auto bytes = outbox_.next();
    if (bytes.empty()) {
      deadlines_.unblocked();
      if (outbox_.closing() && !std::exchange(shut_down_, true)) io_->shutdown_send();
      return;
    }
    error_code ec;
    const std::size_t n = io_->write_some(bytes, ec);
    if (ec && ec != asio::error::would_block) return drop();
    ++home_->count().sends;
    home_->count().bytes_out += n;
    if (n != 0) outbox_.sent(n);
    progress = progress || n != 0;
    blocked_ = n < bytes.size();
  }
  if (!blocked_ || ended_) return;
  deadlines_.blocked(home_->now(), progress);
  schedule();
  io_->async_wait_writable(shared_from_this());
}

void connection::on_writable(error_code) {
  blocked_ = false;
  flush();
}

// deadlines

void connection::open() {
  deadlines_.open(home_->now());
  schedule();
}

void connection::must_end(timer_wheel::time_point when) {
  deadlines_.must_end(when);
  schedule();
}

void connection::message_began() {
  deadlines_.message_began(home_->now());
  schedule();
}

void connection::schedule() {
  const auto due = deadlines_.next();
  if (due >= scheduled_) return;
  scheduled_ = due;
  home_->set_deadline(*this, due);
}

void connection::on_deadline(timer_wheel::time_point now) {
  scheduled_ = deadlines::never;
  switch (deadlines_.check(now)) {
    case deadlines::due::nothing: break;
    case deadlines::due::ping: send(wire::make_frame(wire::opcode::ping, {})); break;
    case deadlines::due::pong: ++home_->count().pong_timeouts; return drop();
    case deadlines::due::send: ++home_->count().send_timeouts; return drop();
    case deadlines::due::message:
      ++home_->count().message_timeouts;
      close(wire::close_code::policy_violation, "the message took too long");
      break;
    case deadlines::due::let_go: pacing_->let_go.cancel(); break;
    case deadlines::due::rate:
      ++home_->count().closed_rate;
      close(wire::close_code::policy_violation, "too many messages");
      break;
    case deadlines::due::end: ++(outbox_.closing() ? home_->count().close_timeouts : home_->count().request_timeouts); return drop();
  }
  schedule();
}

// as a member

void connection::joined(std::uint64_t position) {
  outbox_.follow(position, home_->config().echo ? 0 : id());
}

void connection::deliver(const std::shared_ptr<log::link>& newest) {
  outbox_.offer(newest);
  flush();
  if (blocked_ && outbox_.lag_before(*newest) > home_->config().max_lag) catch_up(newest);
}

void connection::catch_up(const std::shared_ptr<log::link>& newest) {
  if (home_->config().slow_reader == slow_reader_policy::skip) {
    ++home_->count().slow_readers_skipped;
    outbox_.skip_to(newest);
  } else {
    ++home_->count().slow_readers_closed;
    close(wire::close_code::slow_reader, "slow reader");
  }
}

void connection::dismiss(std::string_view close, std::uint64_t flush_to) {
  outbox_.close_after(flush_to, close);
  wind_up();
  wake();
}

void connection::shed(const std::shared_ptr<log::link>& newest) {
  ++home_->count().shed;
  if (over() || outbox_.half_sent() > little)
    drop();
  else if (newest)
    catch_up(newest);
  else
    close(wire::close_code::try_again_later, "the server is short of memory");
  if (over()) inbox_.release();  // one that has only skipped goes on in the middle of its message
}

}  // namespace roomcast
