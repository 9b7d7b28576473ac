#include "roomcast/log/cursor.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::log {
namespace {

// The entry whose frame holds the byte at `offset`; one without bytes in this form never does.
std::size_t entry_at(const batch& b, wire::encoding form, std::size_t offset) noexcept {
  const auto i = static_cast<std::size_t>(form);
  const auto at = std::upper_bound(b.entries.begin(), b.entries.end(), offset, [i](std::size_t o, const entry& e) { return o < e.end[i]; });
  return static_cast<std::size_t>(at - b.entries.begin());
}

std::size_t begin_of(const batch& b, wire::encoding form, std::size_t entry) noexcept {
  return entry == 0 ? 0 : b.entries[entry - 1].end[static_cast<std::size_t>(form)];
}

}  // namespace

void cursor::replay(std::shared_ptr<link> first, link& last, std::size_t entry, std::uint64_t own) noexcept {
  at_ = std::move(first);
  last_of_replay_ = &last;
  replayed_ = last.weight_after;
  own_ = own;
  offset_ = begin_of(*at_->batch, whom_.form, entry);
  follow();
}

void cursor::offer(const std::shared_ptr<link>& newest) {
  link* const last = std::exchange(last_of_replay_, nullptr);
  if (at_ && last) {
    last->next = newest;
  } else if (!at_ && newest->batch->end() > position_) {
    enter(newest);
    follow();
  }
}

// At the position, where that is in `l`; otherwise at its beginning.
void cursor::enter(std::shared_ptr<link> l) noexcept {
  at_ = std::move(l);
  const batch& b = *at_->batch;
  offset_ = !at_->is_replay && position_ > b.begin ? begin_of(b, whom_.form, static_cast<std::size_t>(position_ - b.begin)) : 0;
}

// Whatever has been read to its end is let go of.
void cursor::follow() noexcept {
  while (at_ && offset_ == bytes().size()) {
    if (!at_->is_replay) position_ = at_->batch->end();
    auto next = at_->next;
    at_.reset();
    if (!next) return;
    enter(std::move(next));
  }
}

std::string_view cursor::next() noexcept {
  while (at_) {
    if (is_for_all(*at_)) return bytes().substr(offset_);
    if (const auto some = next_but_own(); !some.empty()) return some;
  }
  return {};
}

bool cursor::passes_over(const batch& b, std::size_t i) const noexcept {
  const entry& e = b.entries[i];
  if (e.notice) return b.begin + i < whom_.live;
  return b.speakers[e.speaker].id == whom_.id && !(whom_.echo && e.echo);
}

std::string_view cursor::next_but_own() noexcept {
  const batch& b = *at_->batch;
  std::size_t i = entry_at(b, whom_.form, offset_);
  const std::size_t size = b.entries.size();
  if (!passes_over(b, i)) {
    while (i < size && !passes_over(b, i)) ++i;
    return bytes().substr(offset_, begin_of(b, whom_.form, i) - offset_);
  }
  while (i < size && passes_over(b, i)) ++i;
  offset_ = begin_of(b, whom_.form, i);
  follow();
  return {};
}

void cursor::advance(std::size_t n) noexcept {
  offset_ += n;
  follow();
}

std::string_view cursor::half_read() const noexcept {
  if (!at_) return {};
  const batch& b = *at_->batch;
  const std::size_t i = entry_at(b, whom_.form, offset_);
  if (begin_of(b, whom_.form, i) == offset_) return {};
  return bytes().substr(offset_, b.entries[i].end[static_cast<std::size_t>(whom_.form)] - offset_);
}

std::uint64_t cursor::next_seq() const noexcept {
  const batch& b = *at_->batch;
  const std::size_t i = entry_at(b, whom_.form, offset_);
  const bool is_begun = begin_of(b, whom_.form, i) != offset_;
  return b.seq_of(b.entries[i]) + (is_begun || b.entries[i].notice ? 1 : 0);
}

void cursor::skip_to(const std::shared_ptr<link>& newest) noexcept {
  position_ = newest->batch->begin;
  enter(newest);
  follow();
}

// Weights are compared by their distance, as they wrap around.
std::uint64_t cursor::held_from(std::uint64_t weight) const noexcept {
  const auto held = static_cast<std::int64_t>(weight - (at_->is_replay ? replayed_ : at_->weight_before));
  return held > 0 ? static_cast<std::uint64_t>(held) : 0;
}

std::uint64_t cursor::own_weight() const noexcept {
  if (!at_ || !at_->is_replay) return 0;
  const auto held = static_cast<std::int64_t>(own_ - at_->weight_before);
  return held > 0 ? static_cast<std::uint64_t>(held) : 0;
}

}  // namespace roomcast::log
