#include "performance.hpp"

#include "roomcast/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace roomcast::test::model {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view filler = "é";

constexpr std::size_t most_actors = 14;

// Of one peer at a time: what the server reads at once.
constexpr std::size_t most_together = 30'000;

// Of all: far below what a room may hold before its senders have to wait.
constexpr std::size_t most_pending = 100'000;

// Some peers never answer and never end their side.
bool is_rude(const actor& a) { return a.as_reader().id() % 5 == 0; }

}  // namespace

void performance::act() {
  const std::size_t which = dice_.below(100);
  if (actors_.empty() || (which < 10 && actors_.size() < most_actors)) return join();
  actor& a = *std::next(actors_.begin(), static_cast<std::ptrdiff_t>(dice_.below(actors_.size())));
  if (which < 60)
    say(a);
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
  std::string expected = "101";
  if (stopped_)
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
    be_polite();
  }
}

// what is said

std::string performance::some_text(std::size_t longest) {
  std::string text = fmt::format("#{} ", ++next_text_);
  const std::size_t size = dice_.once_in(10) ? longest : dice_.below(std::min<std::size_t>(longest, 60));
  while (text.size() + 2 <= size) text += filler;
  return text;
}

void performance::order(actor& a, std::string_view text) {
  if (a.as_reader().is_member()) a.where().say(a.as_reader().id(), a.name(), text);
}

// The server reads at once what one peer has sent since the last settling, and that would be out of turn.
bool performance::has_spoken(const actor& a) const { return std::find(speakers_.begin(), speakers_.end(), &a) != speakers_.end(); }

void performance::make_way(const actor& a, std::size_t bytes) {
  if (has_spoken(a) || pending_ + bytes > most_pending) settle();
  speakers_.push_back(&a);
  pending_ += bytes;
}

void performance::say(actor& a) {
  if (a.has_ended()) return;
  if (a.is_in_message()) return finish_message(a);
  std::vector<std::string> texts;
  std::size_t left = dice_.once_in(400) ? 400'000 : dice_.once_in(4) ? 2'000 : 1;
  do {
    texts.push_back(some_text(options_.max_message_size));
    left -= std::min(left, texts.back().size());
  } while (left != 0);
  say_all(a, texts);
}

void performance::say_all(actor& a, const std::vector<std::string>& texts) {
  std::size_t size = 0;
  for (const auto& each : texts) size += each.size() + 100;
  const bool alone = size > most_together;  // as the server does not read it all at once
  if (alone && !a.is_free()) return;        // and one that is cut off meanwhile does not say it all
  if (alone) settle();
  make_way(a, size);
  std::string bytes;
  std::size_t last = 0;
  for (const auto& each : texts) {
    last = bytes.size();
    a.write(bytes, each, dice_);
  }
  const bool is_cut = !alone && dice_.once_in(10);
  if (is_cut)
    a.keep(bytes, last + 1 + dice_.below(bytes.size() - last - 1), texts.back());
  else if (dice_.once_in(8))
    a.ping(bytes);
  note(fmt::format("{} says {} messages, to {}\"{}\", in {} bytes", a.as_reader().id(), texts.size(), is_cut ? "the middle of " : "",
                   texts.back().substr(0, texts.back().find(filler)), bytes.size()));
  if (alone) a.where().in_several_batches();
  a.queue(bytes, now_);
  for (std::size_t i = 0; i + (is_cut ? 1 : 0) < texts.size(); ++i) order(a, texts[i]);
  if (is_cut) a.as_reader().begins_message(now_);
  if (alone) settle();
}

void performance::finish_message(actor& a) {
  make_way(a, most_together);
  const auto [bytes, text] = a.unsent();
  note(fmt::format("{} says the rest of \"{}\"", a.as_reader().id(), text.substr(0, text.find(filler))));
  a.queue(bytes, now_);
  order(a, text);
  a.as_reader().finishes_message();
}

void performance::publish() {
  room& r = some_room();
  const auto text = some_text(options_.max_message_size);
  if (pending_ + text.size() > most_pending) settle();
  pending_ += text.size();
  note(fmt::format("\"{}\" is published in {}", text.substr(0, text.find(filler)), r.name()));
  const receipt expected{.seq = stopped_ ? 0 : r.say(0, options_.publisher, text), .recipients = stopped_ ? 0 : members_of(r)};
  const error_code failure = stopped_ ? error_code{error::stopped} : error_code{};
  stage_.hub().publish(r.name(), text, [=](error_code ec, receipt got) {
    if (ec != failure || got.seq != expected.seq || got.recipients != expected.recipients)
      throw contradiction(fmt::format("{} for {} are the receipt, not {} for {}", got.seq, got.recipients, expected.seq, expected.recipients));
  });
}

}  // namespace roomcast::test::model
