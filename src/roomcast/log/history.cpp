#include "roomcast/log/history.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::log {
namespace {

constexpr auto text = static_cast<std::size_t>(wire::encoding::text);

std::size_t begin_of(const batch& b, std::size_t entry) noexcept { return entry == 0 ? 0 : b.entries[entry - 1].end[text]; }

// Appends entries `i` to `end` of `from`, all of them messages; `speakers` is what their speakers' numbers are less.
void copy(batch& to, const batch& from, std::size_t i, std::size_t end, std::uint32_t speakers) {
  auto& bytes = to.in(wire::encoding::text);
  const std::size_t begin = begin_of(from, i);
  // Modulo 2^32, as all of these.
  const auto moved = static_cast<std::uint32_t>(bytes.size() - begin);
  const auto seq = static_cast<std::uint32_t>(from.seq_base - to.seq_base);
  const auto time = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(from.time - to.time).count());
  bytes.append(from.in(wire::encoding::text), begin, begin_of(from, end) - begin);
  to.messages += static_cast<std::uint32_t>(end - i);
  for (; i < end; ++i) {
    entry& e = to.entries.emplace_back(from.entries[i]);
    e.end = {};
    e.end[text] = from.entries[i].end[text] + moved;
    e.seq += seq;
    e.text += moved;
    e.speaker += speakers;
    e.time += time;
  }
}

// Appends the speakers of `from`; returns what their numbers are less there.
std::uint32_t copy_speakers(batch& to, const batch& from) {
  const std::size_t known = !to.speakers.empty() && to.speakers.back().number == from.speakers.front().number ? 1 : 0;
  const auto less = static_cast<std::uint32_t>(to.speakers.size() - known);
  const auto names = static_cast<std::uint32_t>(to.names.size());
  if (from.speakers.size() > known) to.names += from.names;
  for (std::size_t i = known; i < from.speakers.size(); ++i) to.speakers.emplace_back(from.speakers[i]).name += names;
  return less;
}

}  // namespace

void history::add(const std::shared_ptr<const batch>& b, time_point now, time_point::duration span) {
  if (b->messages == 0) return;
  const bool is_whole = b->messages == b->entries.size();  // without notices
  if (is_large(*b) && is_whole) {
    open_.reset();
    blocks_.push_back({.what = b, .own = nullptr, .begun = now, .added = now});
  } else {
    if (open_ && (is_large(*open_) || blocks_.back().begun + span < now || b->time < open_->time)) open_.reset();
    if (!open_) begin_block(*b, now);
    gather(*b);
    blocks_.back().added = now;
  }
  messages_ += b->messages;
  weigh(blocks_.back());
}

void history::begin_block(const batch& b, time_point now) {
  auto fresh = std::exchange(spare_, nullptr);
  if (fresh)
    fresh->begin_anew(b.seq_base, b.time);
  else
    fresh = std::allocate_shared<batch>(std::pmr::polymorphic_allocator<batch>{memory_}, memory_, 0, b.seq_base, b.time);
  blocks_.push_back({.what = fresh, .own = fresh, .begun = now, .added = now});
  open_ = std::move(fresh);
}

void history::gather(const batch& b) {
  const std::uint32_t speakers = copy_speakers(*open_, b);
  const auto is_notice = [](const entry& e) { return e.notice; };
  for (auto at = b.entries.begin(); at != b.entries.end();) {
    at = std::find_if_not(at, b.entries.end(), is_notice);
    const auto end = std::find_if(at, b.entries.end(), is_notice);
    copy(*open_, b, static_cast<std::size_t>(at - b.entries.begin()), static_cast<std::size_t>(end - b.entries.begin()), speakers);
    at = end;
  }
  open_->plain_echo = open_->plain_echo && b.plain_echo;
}

void history::weigh(block& b) noexcept {
  weight_ -= b.weight;
  b.weight = weight_of(*b.what);
  weight_ += b.weight;
}

void history::forget_oldest() noexcept {
  block& gone = blocks_.front();
  messages_ -= gone.what->messages;
  weight_ -= gone.weight;
  forgotten_seq_ = gone.what->last_seq();
  if (gone.own == open_) open_.reset();
  spare_ = std::move(gone.own);
  blocks_.pop_front();
  if (blocks_.empty()) spare_.reset();
}

replay history::after(std::uint64_t seq) {
  const auto first = std::find_if(blocks_.begin(), blocks_.end(), [&](const block& b) { return b.what->last_seq() > seq; });
  if (first == blocks_.end()) return {};
  const batch& b = *first->what;
  const auto at = std::find_if(b.entries.begin(), b.entries.end(), [&](const entry& e) { return b.seq_of(e) > seq; });
  return from(first, static_cast<std::size_t>(at - b.entries.begin()));
}

replay history::last(std::size_t n) {
  std::size_t before = messages_ - std::min(n, messages_);
  for (auto b = blocks_.begin(); b != blocks_.end(); ++b) {
    if (b->what->messages > before) return from(b, before);
    before -= b->what->messages;
  }
  return {};
}

std::vector<std::shared_ptr<const batch>> history::batches() { return from(blocks_.begin(), 0).batches; }

// Whoever has them may be on another lane, so nothing is added to any of them any more.
replay history::from(std::list<block>::iterator first, std::size_t entry) {
  open_.reset();
  replay r;
  r.first = entry;
  for (; first != blocks_.end(); ++first) {
    first->own.reset();
    r.batches.push_back(first->what);
  }
  return r;
}

}  // namespace roomcast::log
