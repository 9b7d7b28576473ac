#include "roomcast/log/history.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::log {

void history::add(std::shared_ptr<link> newest) {
  messages_ += newest->batch->messages;
  newest_ = std::move(newest);
  if (!oldest_) oldest_ = newest_;
}

void history::forget_oldest() noexcept {
  const batch& gone = *oldest_->batch;
  messages_ -= gone.messages;
  forgotten_seq_ = gone.entries.back().seq;
  oldest_ = std::shared_ptr(oldest_->next);
  if (!oldest_) newest_.reset();
}

std::uint64_t history::position_after(std::uint64_t seq, std::uint64_t end) const noexcept {
  for (const link* l = oldest_.get(); l; l = l->next.get()) {
    const auto& entries = l->batch->entries;
    if (entries.back().seq <= seq) continue;
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const entry& e) { return e.seq > seq; });
    return l->batch->begin + static_cast<std::uint64_t>(at - entries.begin());
  }
  return end;
}

std::uint64_t history::position_of_last(std::size_t n, std::uint64_t end) const noexcept {
  if (n == 0) return end;
  std::size_t before = messages_ - std::min(n, messages_);
  for (const link* l = oldest_.get(); l; l = l->next.get()) {
    const batch& b = *l->batch;
    if (b.messages <= before) {
      before -= b.messages;
      continue;
    }
    std::size_t i = 0;
    for (; b.entries[i].notice || before != 0; ++i)
      if (!b.entries[i].notice) --before;
    return b.begin + i;
  }
  return end;
}

std::vector<std::shared_ptr<const batch>> history::from(std::uint64_t position) const {
  std::vector<std::shared_ptr<const batch>> all;
  for (const link* l = oldest_.get(); l; l = l->next.get())
    if (l->batch->end() > position) all.push_back(l->batch);
  return all;
}

void history::replace(const std::function<std::shared_ptr<const batch>(std::shared_ptr<const batch>)>& change) {
  for (link* l = oldest_.get(); l; l = l->next.get()) l->batch = change(l->batch);
}

}  // namespace roomcast::log
