#include "roomcast/load/worker.hpp"

#include "roomcast/load/handshake.hpp"

#include <fmt/format.h>

#include <sys/prctl.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace roomcast::load {
namespace {

using namespace std::chrono_literals;
using state = connection::state;
using phase = stage::phase;

constexpr std::size_t max_shaking = 128;   // handshakes at a time, so that no backlog of a listener overflows
constexpr auto handshake_patience = 10s;
constexpr auto goodbye_patience = 5s;
constexpr auto hang_up_patience = 1s;      // after the server's goodbye
constexpr auto look_interval = 100ms;      // for what has expired
constexpr auto longest_sleep = 20ms;       // after which a new phase is noticed
constexpr std::string_view normal_closure{"\x03\xe8", 2};

}  // namespace

worker::worker(const plan& p, stage& s, const std::vector<address>& addresses, std::uint32_t index)
    : plan_(p), stage_(s), addresses_(addresses), listener_(p, s, counted_, index), chorus_(p, s, counted_) {
  const auto& o = p.options();
  std::vector<std::pair<std::uint32_t, connection*>> senders;
  for (auto number = index; number < o.connections; number += o.threads) {
    auto& c = connections_.emplace_back(poller_, number, connections_.size(), p.room_of(number));
    c.stalled = p.is_stalled(number);
    if (const auto sender = p.sender_of(number)) senders.emplace_back(*sender, &c);
    else if (!c.stalled) wanderers_.push_back(&c);
  }
  std::sort(senders.begin(), senders.end());
  for (const auto& [sender, c] : senders) chorus_.add(*c, sender);
  for (std::uint32_t room = 0; room < o.rooms; ++room) requests_.push_back(upgrade_request(o.where, p.target(room), o.json_members));
  buffer_.resize(connection::buffer_size);
  open_to_the_end_.resize(connections_.size());
}

void worker::run() {
  ::prctl(PR_SET_TIMERSLACK, 1);  // nanoseconds: the open loop is punctual
  for (;;) {
    now_ = clock::now();
    wake_ = now_ + longest_sleep;
    switch (stage_.now.load(std::memory_order_acquire)) {
      case phase::connecting: connect_some(); break;
      case phase::running:
        listener_.begin_measuring();
        wake_ = std::min(wake_, chorus_.speak(now_));
        come_and_go();
        break;
      case phase::draining:
        chorus_.stop();
        look_for_the_rest();
        break;
      case phase::closing:
        if (!say_goodbye()) return;
        break;
    }
    expire();
    for (const auto& e : poller_.wait(wake_)) serve(*static_cast<connection*>(e.data.ptr), e.events);
  }
}

// phases

void worker::connect_some() {
  while (begun_ < connections_.size() && shaking_ < max_shaking) connect(connections_[begun_++]);
  if (begun_ < connections_.size() || shaking_ != 0 || std::exchange(all_tried_, true)) return;
  ++stage_.connected;
}

void worker::come_and_go() {
  const auto& o = plan_.options();
  if (o.churn == 0 || wanderers_.empty()) return;
  const auto interval = std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(o.threads / o.churn));
  if (next_move_ == clock::time_point{}) next_move_ = stage_.begin + interval;
  for (; next_move_ <= now_; next_move_ += interval) {
    auto& c = *wanderers_[next_wanderer_++ % wanderers_.size()];
    if (c.now == state::open) leave(c);
  }
  wake_ = std::min(wake_, next_move_);
}

void worker::look_for_the_rest() {
  if (drained_ || stage_.stopped < plan_.options().threads) return;
  for (; complete_ < connections_.size(); ++complete_) {
    const auto& c = connections_[complete_];
    if (c.stalled || c.now != state::open) continue;
    const auto sent = std::span{stage_.sent}.subspan(plan_.first_sender(c.room), plan_.senders_in(c.room));
    if (!listener_.checks.complete(c.row, sent)) return;
  }
  drained_ = true;
  ++stage_.drained;
}

// False when all connections are gone.
bool worker::say_goodbye() {
  if (!std::exchange(leaving_, true))
    for (auto& c : connections_) {
      open_to_the_end_[c.row] = c.now == state::open;
      if (c.now == state::open && !c.stalled) leave(c);
      else if (c.now != state::leaving) c.release();
    }
  return std::any_of(connections_.begin(), connections_.end(), [](const auto& c) { return c.now != state::none; });
}

// connections

void worker::serve(connection& c, std::uint32_t events) {
  if (c.now == state::connecting && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) return on_connected(c);
  if (c.stalled && c.now == state::open) return fail(c, counted_.lost, "reset");  // no other event is asked for
  if ((events & EPOLLOUT) != 0 && !c.out().empty()) c.flush();
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) on_readable(c);
}

void worker::connect(connection& c) {
  c.since = now_;
  int error = c.begin(addresses_[c.address]);
  while (error != 0 && c.address + 1 < addresses_.size()) error = c.begin(addresses_[++c.address]);
  if (error == 0) ++shaking_;
  else refuse(c, error);
}

void worker::refuse(connection& c, int error) {
  fail(c, counted_.refused, fmt::format("cannot connect: {}", std::strerror(error)));
}

void worker::on_connected(connection& c) {
  if (const int error = c.connect_error(); error != 0) {
    if (c.address + 1 == addresses_.size()) return refuse(c, error);
    c.release();
    ++c.address;
    --shaking_;
    return connect(c);
  }
  c.now = state::upgrading;
  c.out() += requests_[c.room];
  c.flush();
}

void worker::on_readable(connection& c) {
  const auto got = c.receive(buffer_);
  if (got.ended) return on_end(c, got.error == 0 ? "the server has closed it without a word" : std::strerror(got.error));
  if (got.bytes.empty()) return;
  now_ = clock::now();
  listener_.set_clock(now_);
  std::size_t from = 0;
  if (c.now == state::upgrading) {
    const auto after = admit(c, got.bytes);
    if (!after) return;
    from = *after;
  }
  scan(c, got.bytes, from);
}

// Where the frames begin, once it is let in.
std::optional<std::size_t> worker::admit(connection& c, std::string_view bytes) {
  const auto answer = examine_answer(bytes);
  if (answer.size == 0) {
    c.keep(bytes, 0, 0);
    return {};
  }
  if (!answer.refusal.empty()) {
    fail(c, counted_.refused, fmt::format("refused: {}", answer.refusal));
    return {};
  }
  --shaking_;
  c.now = state::open;
  counted_.connected.add();
  counted_.handshakes.add();
  last_handshake_.set(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  if (std::exchange(c.ever_open, true)) {
    counted_.rejoined.add();
    listener_.checks.restart(c.row);
  }
  if (!c.stalled) return answer.size;
  c.stop_reading();
  return {};
}

void worker::scan(connection& c, std::string_view bytes, std::size_t from) {
  constexpr std::uint32_t nobody = 0xffffffff;
  const auto sender = c.voice ? c.voice->sender() : nobody;
  std::uint32_t completed = 0;  // of its own messages
  std::optional<std::string_view> goodbye;
  const auto on_message = [&](std::string_view text) { completed += listener_.hear(text, c.row, c.room, sender) ? 1 : 0; };
  const auto on_control = [&](wire::opcode op, std::string_view payload) {
    if (op == wire::opcode::ping) c.queue(wire::opcode::pong, payload);
    if (op == wire::opcode::close) goodbye = payload;
    return !goodbye;
  };
  const auto done = c.frames.scan(bytes.substr(from), on_message, on_control);
  listener_.publish();
  if (goodbye && c.now == state::leaving) {
    // Whoever closes its socket first keeps the port for a minute: that is left to the server.
    c.since = now_ - goodbye_patience + hang_up_patience;
    return c.keep(bytes, bytes.size(), 0);
  }
  if (goodbye) return on_close(c, *goodbye);
  if (!done.fault.empty()) return fail(c, counted_.protocol_errors, done.fault);
  c.keep(bytes, from + done.taken, done.needed);
  if (completed != 0 && c.now == state::open) chorus_.came_back(c, completed, now_);
  if (!c.out().empty()) c.flush();
}

void worker::on_close(connection& c, std::string_view payload) {
  c.queue(wire::opcode::close, payload.substr(0, 2));
  c.flush();
  if (payload.size() < 2) return fail(c, counted_.lost, "closed by the server");
  const auto code = static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  const auto reason = payload.substr(2);
  fail(c, counted_.lost, fmt::format("closed by the server with {}{}{}", code, reason.empty() ? "" : " ", reason));
}

void worker::on_end(connection& c, const std::string& reason) {
  switch (c.now) {
    case state::leaving: return gone(c);
    case state::open: return fail(c, counted_.lost, reason);
    default: return fail(c, counted_.refused, reason);
  }
}

void worker::leave(connection& c) {
  c.now = state::leaving;
  c.since = now_;
  counted_.connected.set(counted_.connected.value() - 1);
  c.queue(wire::opcode::close, normal_closure);
  c.flush();
}

// It has left; it comes back where there is something to come back for.
void worker::gone(connection& c) {
  c.release();
  if (is(phase::running)) connect(c);
}

// Peers that do not answer.
void worker::expire() {
  if (now_ < next_look_) return;
  next_look_ = now_ + look_interval;
  for (auto& c : connections_) {
    const bool shaking = c.now == state::connecting || c.now == state::upgrading;
    if (shaking && now_ - c.since > handshake_patience) fail(c, counted_.refused, "no answer to the handshake within 10 s");
    if (c.now == state::leaving && now_ - c.since > goodbye_patience) gone(c);
  }
}

void worker::fail(connection& c, tally& kind, std::string_view what) {
  if (c.now == state::connecting || c.now == state::upgrading) --shaking_;
  if (c.now == state::open) counted_.connected.set(counted_.connected.value() - 1);
  const bool excused = c.stalled && c.now == state::open;  // whoever does not read may be sent away
  c.release();
  if (excused) return;
  kind.add();
  if (!first_failure_) first_failure_ = {clock::now(), fmt::format("connection {}: {}", c.number, what)};
}

}  // namespace roomcast::load
