#include "performance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace roomcast::test::model {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_actors = 12;

// Some peers never answer and never end their side.
bool is_rude(const actor& a) { return a.as_reader().id() % 5 == 0; }

}  // namespace

void performance::act() {
  const std::size_t which = dice_.below(100);
  if (actors_.empty() || (which < 10 && actors_.size() < most_actors)) return join();
  actor& a = *std::next(actors_.begin(), static_cast<std::ptrdiff_t>(dice_.below(actors_.size())));
  if (which < 60)
    say(a);
  else if (which < 65 && dice_.once_in(40))
    clamour(a.where());
  else if (which < 65)
    publish();
  else if (which < 68)
    leave(a);
  else if (which < 92)
    hold(a);
  else if (!dice_.once_in(8))
    pass(dice_.one_of<time>({50ms, 100ms, 1s}));
  else
    pass(dice_.one_of<time>({3s, 7s}));
  if (dice_.once_in(2)) settle();
}

// Peers that are gone go; those that have been pinged answer; those that the server has parted from end their side.
void performance::be_polite() {
  const auto is_gone = [](const actor& a) { return a.as_reader().is_gone(); };
  const auto wants_to_end = [](const actor& a) { return !is_rude(a) && !a.has_ended() && a.is_parted(); };
  const auto wants_to_answer = [](const actor& a) { return !is_rude(a) && !a.has_ended() && a.is_pinged() && !a.is_in_message(); };
  const auto has_to_act = [&](const actor& a) { return is_gone(a) || wants_to_end(a) || wants_to_answer(a); };
  if (std::none_of(actors_.begin(), actors_.end(), has_to_act)) return;
  settle();
  actors_.remove_if(is_gone);
  for (auto& each : actors_) {
    if (wants_to_end(each))
      each.end();
    else if (wants_to_answer(each))
      each.answer(now_);
  }
  settle();
}

// comings and goings

void performance::join() {
  room& r = some_room();
  const std::string name = dice_.one_of({"", "", "ada", "bob", "eve", "server"});
  const auto is_named = [&](const actor& a) { return a.is_in(r) && a.name() == name; };
  if (may_be_short()) settle();
  std::string expected = "101";
  if (stopped_ || is_memory_short())
    expected = "503";
  else if (options_.max_members != 0 && members_of(r) >= options_.max_members)
    expected = "503";
  else if (name == "server" || (!name.empty() && std::any_of(actors_.begin(), actors_.end(), is_named)))
    expected = "409";
  note(fmt::format("somebody joins {} as \"{}\": {}", r.name(), name, expected));

  const std::uint64_t id = stage_.hub().shared().next_connection;
  std::string early;
  reader newcomer{r, id, options_, now_};
  const std::string text = dice_.once_in(3) ? some_text(40) : std::string{};
  if (!text.empty()) early = masked_text(text);
  auto link = stage_.ask((r.name() == "lobby" ? "/chat" : "/chat/" + r.name()) + (name.empty() ? "" : "?name=" + name), {}, early);
  auto& answer = const_cast<std::string&>(link.pipe().from_server);
  if (!answer.starts_with("HTTP/1.1 " + expected)) throw contradiction("the answer is " + answer.substr(0, 30));
  if (expected != "101") {
    link.end();
    if (!link.is_gone()) throw contradiction("a request that was refused is not gone");
    return settle();
  }
  answer.erase(0, answer.find("\r\n\r\n") + 4);
  actors_.emplace_back(std::move(link), name.empty() ? fmt::format("user{}", next_user_++) : name, r, std::move(newcomer));
  if (!text.empty()) order(actors_.back(), text);
  settle();
}

void performance::leave(actor& a) {
  if (a.has_ended()) return;
  if (has_spoken(a)) settle();
  if (dice_.once_in(2)) say(a);
  const auto how = dice_.below(3);
  if (how == 0 || a.is_gone()) settle();
  if (a.is_gone()) return;
  if (how == 0) {
    note(fmt::format("{} is reset", a.as_reader().id()));
    a.reset();
  } else if (how == 1 && !a.is_in_message()) {
    note(fmt::format("{} closes", a.as_reader().id()));
    a.close(dice_.one_of({1000u, 4000u}), now_);
  } else {
    note(fmt::format("{} ends", a.as_reader().id()));
    a.end();
  }
  settle();
}

// A peer stops taking what comes, takes what has come, or takes everything again.
void performance::hold(actor& a) {
  settle();
  if (a.is_free()) {
    const auto window = dice_.one_of({std::size_t{0}, dice_.below(10), dice_.below(300), dice_.below(20'000)});
    note(fmt::format("{} takes {} bytes and no more", a.as_reader().id(), window));
    a.stall(window);
  } else if (dice_.once_in(4)) {
    note(fmt::format("{} takes everything", a.as_reader().id()));
    a.resume();
  } else {
    note(fmt::format("{} takes what has come", a.as_reader().id()));
    a.take();
  }
  settle();
}

void performance::stop() {
  for (auto& each : actors_)
    if (dice_.once_in(2)) say(each);  // which is not to be lost
  keep_order();
  const auto deadline = dice_.one_of<time>({500ms, 2s, 10s});
  note(fmt::format("stop within {} ms", deadline.count()));
  stop_deadline_ = now_ + deadline;
  for (auto& each : actors_) each.as_reader().is_dismissed(stop_deadline_);
  stopped_ = stage_.stop(deadline);
  settle();
}

void performance::pass(time t) {
  note(fmt::format("{} ms pass", t.count()));
  settle();
  for (const time end = now_ + t; now_ < end;) {
    now_ += timer_wheel::tick;
    stage_.pass(timer_wheel::tick);
    look();
    if (is_memory_short()) throw contradiction("more is held than the budget allows");
    be_polite();
  }
}

}  // namespace roomcast::test::model
