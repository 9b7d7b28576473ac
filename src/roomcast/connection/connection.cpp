#include "roomcast/connection/connection.hpp"

#include "roomcast/wire/close_code.hpp"
#include "roomcast/wire/event_stream.hpp"
#include "roomcast/wire/frame.hpp"
#include "roomcast/wire/json_protocol.hpp"

#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace roomcast {

namespace {

// The rest of a frame that is worth keeping when memory is short.
constexpr std::size_t little = 1024;

// What may wait for one peer alone before it has to read some of it.
constexpr std::size_t clogged = 64 * 1024;

// Those whom a stop parts from come back one by one, each at a time of its own.
std::chrono::milliseconds retry_after(std::uint64_t number) noexcept {
  return std::chrono::milliseconds{500 + (number * 0x9e3779b97f4a7c15 >> 32) % 4500};
}

}  // namespace

connection::connection(std::shared_ptr<lane> home, std::unique_ptr<transport> io)
    : member(home->shared().next_connection++),
      home_(std::move(home)),
      io_(std::move(io)),
      inbox_(home_->buffers(), home_->config(), home_->shared().memory),
      outbox_(home_->shared().memory),
      deadlines_(home_->config()),
      control_rate_(home_->config().max_control_rate, home_->now()),
      pacing_(home_->config().rate != 0 ? std::make_unique<pacing>(*home_) : nullptr),
      began_(home_->now()) {}

// reading

bool connection::receive() {
  if (over()) return false;
  error_code ec;
  const std::size_t n = io_->read_some(inbox_.space(), ec);
  inbox_.received(n);
  home_->count().bytes_in += n;
  received_bytes_ += n;
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
    if (form() == wire::encoding::json && !deadlines_.is_over_rate()) {
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(pacing_->rate.next() - home_->now());
      send(wire::json::make_error({.code = "rate", .message = "too many messages: they are read later", .retry_after = wait}));
    }
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

bool connection::is_clogged() const noexcept {
  return !over() && outbox_.answers_size() > clogged;
}

void connection::wait_unclogged(suspended who) {
  if (!unclogging_) unclogging_ = std::make_unique<lane::timer>(home_->executor(), lane::timer::time_point::max());
  unclogging_->async_wait([this, who = std::move(who)](error_code) mutable {
    if (is_clogged())
      wait_unclogged(std::move(who));
    else
      who.resume();
  });
}

task<> connection::until_over() {
  inbox_.release();
  while (!over()) {
    co_await readable();
    discard();
  }
}

void connection::discard() {
  error_code ec;
  ended_ = ended_ || (io_->read_some(inbox_.space(), ec) == 0 && ec != asio::error::would_block);
}

task<> connection::linger() {
  if (!outbox_.closing()) outbox_.close({});
  wind_up();
  inbox_.release();
  while (!ended_) {
    co_await readable();
    discard();
  }
  drop();  // a wait for the peer to take more would outlive the session
}

// writing

void connection::send(std::string_view bytes) {
  outbox_.add(bytes);
  flush();
}

void connection::send_at(std::uint64_t position, std::string_view bytes) {
  outbox_.add_at(position, bytes);
  flush();
}

void connection::pong(std::string_view payload) {
  outbox_.pong(payload);
  flush();
}

void connection::close(std::uint16_t code, std::string_view reason) {
  close_with(form() == wire::encoding::events ? std::string{} : wire::make_close(code, reason));
}

void connection::close_with(std::string_view frame) {
  note_close(wire::code_of_close(frame));
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
  if (unclogging_) unclogging_->cancel();
}

void connection::note_close(std::uint16_t code) noexcept {
  if (close_code_ == 0) close_code_ = code;
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
    sent_bytes_ += n;
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
  if (!unclogging_) return;
  if (is_clogged())
    deadlines_.heard(home_->now());  // it reads, and so is alive; nobody listens to it
  else
    unclogging_->cancel();
}

// deadlines

void connection::open() {
  deadlines_.open(home_->now());
  schedule();
  open_ = true;
  evict(eviction_);
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
    case deadlines::due::ping: ping(); break;
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

void connection::ping() {
  if (form() != wire::encoding::events) return send(wire::make_frame(wire::opcode::ping, {}));
  send(wire::events::keep_alive);
  deadlines_.heard(home_->now());  // that is not answered
}

// as a member

log::cursor connection::cursor_at(const beginning& b) const noexcept {
  return {b.position, {.form = form(), .id = id(), .echo = home_->config().echo, .live = b.live}};
}

void connection::deliver(const std::shared_ptr<log::link>& newest) {
  outbox_.offer(newest);
  if (acknowledgements_ || newest->batch->failure) tell_outcome(*newest->batch);
  flush();
  if (!blocked_) return;
  const std::uint64_t lag = outbox_.lag_before(*newest);
  home_->count().lag.record(lag);
  if (lag > home_->config().max_lag) catch_up(newest);
}

// What has become of its own messages in `b`.
void connection::tell_outcome(const log::batch& b) {
  if (acknowledgements_) {
    if (const auto frames = acknowledgements_->of(b, number()); !frames.empty()) outbox_.add_at(b.end(), frames);
    return;
  }
  const auto is_own = [&](const log::entry& e) { return !e.notice && b.speakers[e.speaker].number == number(); };
  const auto own = std::count_if(b.entries.begin(), b.entries.end(), is_own);
  if (own == 0) return;
  const auto what = own == 1 ? std::string{"your message"} : fmt::format("{} of your messages", own);
  outbox_.add_at(b.end(), notice(fmt::format("{} cannot be stored, and nobody gets it: {}", what, b.failure.message())));
}

void connection::refuse_own(std::optional<std::string> ref) {
  ++home_->count().refused_messages;
  if (acknowledgements_)
    send(wire::json::make_error({.ref = std::move(ref), .code = "overloaded", .message = "it is not taken: the store cannot follow", .retry_after = std::chrono::seconds{1}}));
  else
    send(notice("your message is not taken, and nobody gets it: the store cannot follow"));
}

// A line of plain text for this peer alone, from the publisher.
std::string connection::notice(std::string_view text) const {
  std::pmr::string frame;
  home_->shared().format.append_frame(frame, {.room = {}, .name = home_->config().publisher, .text = text, .time = std::chrono::system_clock::now()});
  return std::string{frame};
}

void connection::catch_up(const std::shared_ptr<log::link>& newest) {
  if (home_->config().slow_reader == slow_reader_policy::skip) {
    ++home_->count().slow_readers_skipped;
    const auto [from, to] = outbox_.skip_to(newest);
    if (from == to) return;
    if (form() == wire::encoding::json) outbox_.add(wire::json::make_gap(from, to - 1));
    if (form() == wire::encoding::events) outbox_.add(wire::events::make_gap(from, to - 1));
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

void connection::send_away(std::uint64_t flush_to) {
  note_close(wire::close_code::service_restart);  // what is sent may begin with a goodbye
  const auto wait = retry_after(number());
  if (form() == wire::encoding::events) return dismiss(wire::events::make_goodbye("restart", wait), flush_to);
  const std::string last = form() == wire::encoding::json ? wire::json::make_goodbye("restart", wait) : "";
  dismiss(last + wire::make_close(wire::close_code::service_restart, "the server is restarting"), flush_to);
}

void connection::evict(eviction why) {
  eviction_ = why;
  if (!open_) return;
  if (why == eviction::displaced) close(wire::close_code::displaced, "another connection has come back for this name");
  if (why == eviction::removed) close(wire::close_code::removed, "removed by a moderator");
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
