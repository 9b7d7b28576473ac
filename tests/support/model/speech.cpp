#include "performance.hpp"

#include "roomcast/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

// What is said on a stage.

namespace roomcast::test::model {
namespace {

constexpr std::string_view filler = "é";

// Of one peer at a time: what the server reads at once.
constexpr std::size_t most_together = 60'000;

// Of a message, cut into pieces, with pings between.
constexpr std::size_t most_framing = 100;

// Of all: far below what a room may hold before its senders have to wait.
constexpr std::size_t most_pending = 100'000;

}  // namespace

std::string performance::some_text(std::size_t longest) {
  return text(dice_.once_in(10) ? longest : dice_.below(std::min<std::size_t>(longest, 60)));
}

std::string performance::text(std::size_t size) {
  std::string unique = fmt::format("#{} ", ++next_text_);
  while (unique.size() + filler.size() <= size) unique += filler;
  return unique;
}

void performance::order(actor& a, std::string_view text) {
  if (a.as_reader().is_member()) a.where().say(a.as_reader().id(), a.name(), text);
}

// The server reads at once what one peer has sent since the last settling, and that would be out of turn.
bool performance::has_spoken(const actor& a) const { return std::find(speakers_.begin(), speakers_.end(), &a) != speakers_.end(); }

void performance::make_way(const actor& a, std::size_t bytes) {
  keep_order();
  if (has_spoken(a) || pending_ + bytes > most_pending) settle();
  speakers_.push_back(&a);
  pending_ += bytes;
}

void performance::say(actor& a) {
  if (a.has_ended()) return;
  if (a.is_in_message()) return finish_message(a);
  std::vector<std::string> texts;
  const std::size_t enough = dice_.once_in(400) ? 800'000 : dice_.once_in(4) ? 3'000 : 1;
  std::size_t size = 0;
  while (size < enough) {
    texts.push_back(some_text(options_.max_message_size));
    if (options_.binary == binary_policy::relay && dice_.once_in(4)) texts.back().front() = binary_mark.front();
    size += texts.back().size() + most_framing;
  }
  if (size > most_together) return say_alone(a, texts);
  make_way(a, size);
  speak(a, texts, dice_.once_in(10));
}

// The server does not read it all at once; a peer that is cut off meanwhile would not say it all.
void performance::say_alone(actor& a, const std::vector<std::string>& texts) {
  if (!a.is_free() || may_be_short()) return;
  settle();
  a.where().in_several_batches();
  speak(a, texts, false);
  settle();
}

// More than a room may hold: senders have to wait for one another. (On one lane: there they speak in turn.)
void performance::clamour(room& r) {
  if (may_be_short() || has_several_lanes()) return;
  const std::size_t each_text = std::min(options_.max_message_size, most_together / 2);
  note(fmt::format("a clamour in {}", r.name()));
  settle();
  for (auto& each : actors_) each.resume();
  settle();
  r.in_several_batches();
  for (auto& each : actors_) {
    if (!each.is_in(r) || each.is_in_message()) continue;
    std::vector<std::string> texts;
    while ((texts.size() + 1) * (each_text + most_framing) <= most_together) texts.push_back(text(each_text));
    speak(each, texts, false);
  }
  settle();
}

void performance::speak(actor& a, const std::vector<std::string>& texts, bool is_cut) {
  std::string bytes;
  std::size_t last = 0;
  for (const auto& each : texts) {
    last = bytes.size();
    a.write(bytes, each, dice_);
  }
  if (is_cut)
    a.keep(bytes, last + 1 + dice_.below(bytes.size() - last - 1), texts.back());
  else if (dice_.once_in(8))
    a.ping(bytes);
  note(fmt::format("{} says {} messages, to {}\"{}\", in {} bytes", a.as_reader().id(), texts.size(), is_cut ? "the middle of " : "",
                   texts.back().substr(0, texts.back().find(filler)), bytes.size()));
  a.queue(bytes, now_);
  for (std::size_t i = 0; i + (is_cut ? 1 : 0) < texts.size(); ++i) order(a, texts[i]);
  if (is_cut) a.as_reader().begins_message(now_);
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
