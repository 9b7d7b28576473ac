#include "roomcast/script/runner.hpp"

#include "roomcast/escape.hpp"

#include <algorithm>
#include <regex>
#include <thread>
#include <utility>

namespace roomcast::script {
namespace {

using verb = step::verb;
using client::event;
using kind = client::event::kind;
using std::chrono::steady_clock;

struct mismatch {
  std::string expected, came;
};

std::string quoted(const std::string& text) { return "\"" + escape(text) + "\""; }

std::string describe(const event& e) {
  switch (e.what) {
    case kind::opened: return "an open connection";
    case kind::refused: return "a refusal with " + std::to_string(e.code) + ": " + escape(e.text);
    case kind::text: return quoted(e.text);
    case kind::binary: return "a binary message of " + std::to_string(e.text.size()) + " bytes";
    case kind::ping: return "a ping";
    case kind::pong: return "a pong with " + quoted(e.text);
    case kind::closed: return "a close with " + std::to_string(e.code) + (e.text.empty() ? "" : ": " + escape(e.text));
    case kind::lost: return "the connection's end: " + e.text;
  }
  return {};
}

bool is_message(const event& e) { return e.what == kind::text || e.what == kind::binary; }
bool is_control(const event& e) { return e.what == kind::ping || e.what == kind::pong; }

std::string within(const step& s) { return "within " + std::to_string(s.time.count()) + " ms"; }

}  // namespace

// One client of the script's, and what it has met: pings and pongs apart, as they come between messages.
struct runner::actor {
  std::string name;
  std::unique_ptr<client::client> connection;
  std::deque<event> met, control;

  void sort() {
    if (!connection) return;
    auto& all = connection->events();
    for (auto& e : all) (is_control(e) ? control : met).push_back(std::move(e));
    all.clear();
  }
};

runner::runner(const script& s, client::url base, server_control* control) : script_(s), base_(std::move(base)), control_(control) {}
runner::~runner() = default;

std::optional<failure> runner::run() {
  for (std::size_t i = 0; i < script_.steps.size(); ++i) {
    const step& s = script_.steps[i];
    try {
      play(s, i);
    } catch (mismatch& m) {
      return failure{s.line, std::move(m.expected), std::move(m.came)};
    }
  }
  return {};
}

void runner::play(const step& s, std::size_t index) {
  if (s.who == "server") return control(s);
  const auto actors = actors_of(s);
  if (s.what == verb::connects)
    for (actor* a : actors) connect(s, *a);
  for (actor* a : actors) play_one(s, *a, index);
}

void runner::play_one(const step& s, actor& a, std::size_t index) {
  if (!a.connection) throw mismatch{a.name + " to be connected before", "no connection"};
  switch (s.what) {
    case verb::connects: return await_opened(s, a, index);
    case verb::receives_text:
    case verb::receives_json:
    case verb::receives_matching:
    case verb::receives_pong:
      for (unsigned i = 0; i < s.times; ++i) receive(s, a);
      return;
    case verb::receives_nothing: return expect_nothing(s, a);
    case verb::sends_text:
    case verb::sends_fragments:
    case verb::sends_raw:
    case verb::sends_ping: return send(s, a);
    case verb::stops_reading: return a.connection->pause();
    case verb::reads_on: return a.connection->resume();
    case verb::ends: return a.connection->shutdown_send();
    case verb::resets:
      a.connection->reset();
      return a.connection.reset();
    case verb::closes: return a.connection->close(static_cast<std::uint16_t>(s.number), substituted(s.text));
    case verb::leaves: a.connection->close(1000, {}); [[fallthrough]];
    case verb::is_refused:
    case verb::is_closed:
    case verb::is_dropped: return expect_end(s, a);
    case verb::server_stops:
    case verb::server_ends: break;
  }
}

void runner::connect(const step& s, actor& a) {
  client::url where = base_;
  const std::string target = substituted(s.text);
  if (target.starts_with('/')) {
    where.target = target;
  } else {
    std::string fault;
    const auto parsed = client::parse_url(target, fault);
    if (!parsed) throw mismatch{"a URL", fault};
    where = *parsed;
  }
  std::vector<client::header> headers;
  for (const auto& line : s.list) {
    const std::string header = substituted(line);
    const auto colon = header.find(':');
    headers.push_back({header.substr(0, colon), header.substr(std::min(header.find_first_not_of(' ', colon + 1), header.size()))});
  }
  a.met.clear();
  a.control.clear();
  a.connection = std::make_unique<client::client>(context_, where, std::move(headers), [] {});
}

void runner::await_opened(const step& s, actor& a, std::size_t index) {
  const bool told = wait([&] { return a.sort(), !a.met.empty(); }, steady_clock::now() + s.time);
  if (!told) throw mismatch{a.name + " to connect", "nothing " + within(s)};
  const auto what = a.met.front().what;
  // What is expected to go wrong is looked at by the step that expects it.
  if (what == kind::refused && next_step_is(verb::is_refused, s, index)) return;
  if (what == kind::lost && next_step_is(verb::is_dropped, s, index)) return;
  if (what != kind::opened) throw mismatch{a.name + " to connect", describe(a.met.front())};
  a.met.pop_front();
}

void runner::receive(const step& s, actor& a) {
  auto& queue = s.what == verb::receives_pong ? a.control : a.met;
  std::string expected = a.name + " to receive ";
  const std::string text = s.what == verb::receives_matching || s.what == verb::receives_json ? s.text : substituted(s.text);
  switch (s.what) {
    case verb::receives_json: expected += "json " + text; break;
    case verb::receives_matching: expected += "matching /" + text + "/"; break;
    case verb::receives_pong: expected += "a pong with " + quoted(text); break;
    default: expected += quoted(text);
  }
  const auto there = [&] {
    a.sort();
    if (s.what == verb::receives_pong) std::erase_if(queue, [](const event& e) { return e.what == kind::ping; });
    return !queue.empty();
  };
  if (!wait(there, steady_clock::now() + s.time)) throw mismatch{expected, "nothing " + within(s)};
  const event came = std::move(queue.front());
  queue.pop_front();
  bool right = false;
  std::string detail;
  if (came.what == (s.what == verb::receives_pong ? kind::pong : kind::text)) {
    if (s.what == verb::receives_json) {
      const auto fault = match_json(text, came.text, variables_);
      right = !fault;
      if (fault) detail = " (" + *fault + ")";
    } else if (s.what == verb::receives_matching) {
      right = std::regex_search(came.text, std::regex{text});
    } else {
      right = came.text == text;
    }
  }
  if (!right) throw mismatch{expected, describe(came) + detail};
}

void runner::expect_nothing(const step& s, actor& a) {
  const bool met = wait([&] { return a.sort(), !a.met.empty(); }, steady_clock::now() + s.time);
  if (met) throw mismatch{a.name + " to receive nothing for " + std::to_string(s.time.count()) + " ms", describe(a.met.front())};
}

void runner::send(const step& s, actor& a) {
  switch (s.what) {
    case verb::sends_fragments: {
      std::vector<std::string> parts;
      for (const auto& each : s.list) parts.push_back(substituted(each));
      a.connection->send_fragments(std::move(parts));
      break;
    }
    case verb::sends_raw: a.connection->send_raw(s.text); break;
    case verb::sends_ping: a.connection->send_ping(substituted(s.text)); break;
    default:
      for (unsigned i = 0; i < s.times; ++i) a.connection->send_text(substituted(s.text));
  }
  // The next step comes after it, on the wire, too.
  if (!wait([&] { return a.connection->unsent() == 0; }, steady_clock::now() + s.time))
    throw mismatch{a.name + "'s bytes to be taken", std::to_string(a.connection->unsent()) + " bytes left " + within(s)};
}

void runner::expect_end(const step& s, actor& a) {
  std::string expected = a.name + " to be ";
  if (s.what == verb::is_refused) expected += "refused with " + std::to_string(s.number);
  else if (s.what == verb::is_closed) expected += "closed with " + std::to_string(s.number);
  else if (s.what == verb::is_dropped) expected += "dropped";
  else expected = a.name + " to leave";
  const auto ended = [&] {
    a.sort();
    while (!a.met.empty() && is_message(a.met.front())) a.met.pop_front();
    return !a.met.empty();
  };
  if (!wait(ended, steady_clock::now() + s.time)) throw mismatch{expected, "nothing of the kind " + within(s)};
  const event came = std::move(a.met.front());
  a.met.pop_front();
  bool right = s.what == verb::leaves;
  if (s.what == verb::is_refused) right = came.what == kind::refused && came.code == s.number;
  if (s.what == verb::is_closed) right = came.what == kind::closed && came.code == s.number;
  if (s.what == verb::is_dropped) right = came.what == kind::lost;
  a.connection.reset();
  if (!right) throw mismatch{expected, describe(came)};
}

void runner::control(const step& s) {
  if (!control_) throw mismatch{"a server of the script's own (see --start)", "one that was there already"};
  if (s.what == verb::server_stops) return control_->stop();
  const std::string expected = "the server to end with status " + std::to_string(s.number);
  if (!wait([&] { return control_->status().has_value(); }, steady_clock::now() + s.time)) throw mismatch{expected, "nothing " + within(s)};
  if (control_->status() != static_cast<int>(s.number)) throw mismatch{expected, "status " + std::to_string(*control_->status())};
}

runner::actor& runner::actor_of(const step& s, std::size_t number) {
  if (s.who != "crowd") {
    auto& a = actors_[s.who];
    if (!a) a = std::make_unique<actor>(actor{.name = s.who, .connection = {}, .met = {}, .control = {}});
    return *a;
  }
  if (number > crowd_.size()) throw mismatch{"a crowd of at least " + std::to_string(number), std::to_string(crowd_.size())};
  return *crowd_[number - 1];
}

std::vector<runner::actor*> runner::actors_of(const step& s) {
  std::vector<actor*> found;
  if (s.who != "crowd") {
    found.push_back(&actor_of(s));
  } else if (s.what == verb::connects) {
    for (std::size_t i = 0; i < s.which; ++i) {
      crowd_.push_back(std::make_unique<actor>(
          actor{.name = "crowd " + std::to_string(crowd_.size() + 1), .connection = {}, .met = {}, .control = {}}));
      found.push_back(crowd_.back().get());
    }
  } else if (s.which != 0) {
    found.push_back(&actor_of(s, s.which));
  } else {
    if (crowd_.empty()) throw mismatch{"a crowd", "nobody"};
    for (const auto& each : crowd_) found.push_back(each.get());
  }
  return found;
}

bool runner::next_step_is(verb what, const step& s, std::size_t index) const {
  const auto next = std::find_if(script_.steps.begin() + static_cast<std::ptrdiff_t>(index) + 1, script_.steps.end(),
                                 [&](const step& each) { return each.who == s.who; });
  return next != script_.steps.end() && next->what == what;
}

std::string runner::substituted(const std::string& text) const {
  std::string unknown;
  auto done = substitute(text, variables_, unknown);
  if (!done) throw mismatch{"$" + unknown + " to have a value (a dollar is $$)", "none"};
  return *done;
}

bool runner::wait(const std::function<bool()>& holds, steady_clock::time_point deadline) {
  // A server's end wakes nobody, so that one look is taken now and then.
  constexpr auto look = std::chrono::milliseconds{20};
  while (!holds()) {
    const auto now = steady_clock::now();
    if (now >= deadline) return false;
    if (context_.stopped()) context_.restart();
    const auto until = std::min(deadline, now + look);
    if (context_.run_one_until(until) == 0) std::this_thread::sleep_until(until);
  }
  return true;
}

}  // namespace roomcast::script
