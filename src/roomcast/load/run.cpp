#include "roomcast/load/run.hpp"

#include "roomcast/load/plan.hpp"
#include "roomcast/load/process_usage.hpp"
#include "roomcast/load/progress.hpp"
#include "roomcast/load/stage.hpp"
#include "roomcast/load/worker.hpp"

#include <csignal>
#include <ctime>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <thread>

namespace roomcast::load {
namespace {

using namespace std::chrono_literals;
using clock = stage::clock;
using phase = stage::phase;

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

constexpr auto head_start = 50ms;  // in which all threads notice that it begins
constexpr auto glance = 20ms;      // how often a condition is looked at

double seconds(clock::duration d) { return std::chrono::duration<double>(d).count(); }

std::uint32_t some_run() { return std::random_device{}() % marker::max_run; }

// Leads the threads through the phases, and takes the measurements at their borders.
class conductor {
 public:
  conductor(const settings& s, const std::vector<address>& addresses, bool live) : plan_(s, some_run()), stage_(plan_.senders()) {
    for (std::uint32_t i = 0; i < plan_.options().threads; ++i) workers_.emplace_back(plan_, stage_, addresses, i);
    if (live) progress_.emplace(clock::now());
  }

  result run();

 private:
  void connect();
  void measure();
  void settle_what_was_sent();
  void check();

  template <class Condition>
  bool wait(clock::time_point until, Condition done);
  snapshot look() const;
  bool nobody_is_left() const { return count(&tallies::connected) == 0 && plan_.options().churn == 0; }
  std::uint64_t count(tally tallies::*what) const;
  std::optional<process_usage> server() const { return usage_of(plan_.options().server); }
  void measure_memory(std::uint64_t now_resident);

  plan plan_;
  stage stage_;
  std::deque<worker> workers_;
  std::optional<progress> progress_;
  std::uint64_t resident_before_ = 0;  // of the server's, without connections
  result result_;
};

result conductor::run() {
  result_.settings = plan_.options();
  {
    std::vector<std::jthread> threads;
    for (auto& w : workers_) threads.emplace_back([&w] { w.run(); });
    connect();
    if (!result_.interrupted && count(&tallies::connected) != 0) measure();
    stage_.now = phase::closing;
  }
  progress_.reset();
  settle_what_was_sent();
  check();
  return std::move(result_);
}

void conductor::connect() {
  const auto before = server();
  const auto began = clock::now();
  result_.interrupted = !wait(clock::time_point::max(), [&] { return stage_.connected == workers_.size(); });
  auto last = began;
  for (const auto& w : workers_) last = std::max(last, w.last_handshake());
  if (last > began) result_.handshakes_per_s = static_cast<double>(count(&tallies::handshakes)) / seconds(last - began);
  const auto after = server();
  if (!before || !after) return;
  resident_before_ = before->resident_bytes;
  result_.server = result::server_usage{};
  measure_memory(after->resident_bytes);
}

void conductor::measure() {
  const auto& o = plan_.options();
  stage_.begin = clock::now() + head_start;
  stage_.from = stage_.begin + (o.idle ? 0ms : o.warmup);
  stage_.until = stage_.from + o.duration;
  stage_.now = phase::running;

  const auto early = [&] { return nobody_is_left(); };
  result_.interrupted = !wait(stage_.from, early);
  const auto own_before = own_cpu_seconds();
  const auto server_before = server();
  const auto before = look();
  if (!result_.interrupted) result_.interrupted = !wait(stage_.until, early);
  const auto after = look();
  const auto server_after = server();
  result_.own_cpu_seconds = own_cpu_seconds() - own_before;
  result_.seconds = seconds(after.when - before.when);
  result_.measured_messages = after.messages - before.messages;
  result_.measured_deliveries = after.deliveries - before.deliveries;
  if (result_.server && server_before && server_after) {
    result_.server->cpu_seconds = server_after->cpu_seconds - server_before->cpu_seconds;
    result_.server->resident_bytes = server_after->resident_bytes;
    if (o.idle) measure_memory(server_after->resident_bytes);
  }
  if (o.idle) return;
  stage_.now = phase::draining;
  wait(clock::now() + o.drain, [&] { return stage_.drained == workers_.size(); });
}

// Of a sender that was lost, what nobody has got may never have reached the server.
void conductor::settle_what_was_sent() {
  for (std::uint32_t sender = 0; sender < stage_.sent.size(); ++sender) {
    if (stage_.sent[sender] != 0) continue;
    const auto [room, place] = plan_.seat_of(sender);
    for (const auto& w : workers_)
      for (const auto& c : w.connections())
        if (c.room == room) stage_.sent[sender] = std::max(stage_.sent[sender], w.checks().seen(c.row, place));
  }
}

void conductor::check() {
  std::vector<std::vector<std::uint64_t>> orders(plan_.options().rooms);
  std::optional<worker::failure> first;
  for (auto& w : workers_) {
    auto& checks = w.checks();
    for (const auto& c : w.connections()) {
      if (c.stalled || !w.was_open_to_the_end(c)) continue;
      checks.finish(c.row, std::span{stage_.sent}.subspan(plan_.first_sender(c.room), plan_.senders_in(c.room)));
      if (const auto order = checks.order(c.row)) orders[c.room].push_back(*order);
    }
    result_.missing += checks.missing();
    result_.doubled += checks.doubled();
    result_.out_of_order += checks.out_of_order();
    result_.latency.add(w.measured());
    if (const auto& f = w.first_failure(); f && (!first || f->when < first->when)) first = f;
  }
  if (first) result_.first_failure = first->what;
  for (auto& room : orders) {
    result_.order_checked += room.size();
    result_.order_differs += count_dissenters(std::move(room));
  }
  result_.handshakes = count(&tallies::handshakes);
  result_.rejoined = count(&tallies::rejoined);
  result_.messages = count(&tallies::messages);
  result_.deliveries = count(&tallies::deliveries);
  result_.others = count(&tallies::others);
  result_.strays = count(&tallies::strays);
  result_.protocol_errors = count(&tallies::protocol_errors);
  result_.lost = count(&tallies::lost);
  result_.refused = count(&tallies::refused);
}

// False where a signal has come before the time, and before it is done.
template <class Condition>
bool conductor::wait(clock::time_point until, Condition done) {
  const auto signals = ending_signals();
  for (;;) {
    const auto now = clock::now();
    if (now >= until || done()) return true;
    if (progress_ && now >= progress_->next()) progress_->show(look());
    const auto pause = std::min<clock::duration>(until - now, glance);
    const timespec timeout{.tv_sec = 0, .tv_nsec = pause.count()};
    if (::sigtimedwait(&signals, nullptr, &timeout) > 0) return false;
  }
}

snapshot conductor::look() const {
  snapshot s{.when = clock::now(),
             .connected = count(&tallies::connected),
             .messages = count(&tallies::messages),
             .deliveries = count(&tallies::deliveries),
             .latency = {}};
  for (const auto& w : workers_) {
    s.latency.add(w.warm_up());
    s.latency.add(w.measured());
  }
  return s;
}

std::uint64_t conductor::count(tally tallies::*what) const {
  std::uint64_t sum = 0;
  for (const auto& w : workers_) sum += (w.counted().*what).value();
  return sum;
}

void conductor::measure_memory(std::uint64_t now_resident) {
  const auto connected = std::max<std::uint64_t>(count(&tallies::connected), 1);
  result_.server->resident_bytes = now_resident;
  result_.server->bytes_per_connection =
      (static_cast<double>(now_resident) - static_cast<double>(resident_before_)) / static_cast<double>(connected);
}

}  // namespace

result run(const settings& s, const std::vector<address>& addresses, bool live) {
  const auto signals = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return conductor{s, addresses, live}.run();
}

}  // namespace roomcast::load
