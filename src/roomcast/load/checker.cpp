#include "roomcast/load/checker.hpp"

#include <algorithm>

namespace roomcast::load {

checker::checker(std::span<const std::uint32_t> senders) {
  std::size_t first = 0;
  for (const auto count : senders) {
    rows_.push_back({.first = first, .senders = count});
    first += count;
  }
  next_.resize(first);
}

bool checker::see_other(row& r, std::size_t at, std::uint32_t sequence) {
  auto& next = next_[at];
  if (next == any) {
    next = sequence + 1;
    return true;
  }
  r.regular = false;
  if (sequence > next) {
    gaps_[at].push_back({next, sequence});
    missing_ += sequence - next;
    next = sequence + 1;
    return true;
  }
  if (fill_gap(at, sequence)) {
    --missing_;
    ++out_of_order_;
    return true;
  }
  ++doubled_;
  return false;
}

bool checker::fill_gap(std::size_t at, std::uint32_t sequence) {
  const auto found = gaps_.find(at);
  if (found == gaps_.end()) return false;
  auto& gaps = found->second;
  const auto around = std::find_if(gaps.begin(), gaps.end(), [&](gap g) { return g.from <= sequence && sequence < g.to; });
  if (around == gaps.end()) return false;
  const gap rest{sequence + 1, around->to};
  around->to = sequence;
  if (rest.from < rest.to) gaps.push_back(rest);
  std::erase_if(gaps, [](gap g) { return g.from == g.to; });
  return true;
}

void checker::restart(std::size_t receiver) {
  auto& r = rows_[receiver];
  r.regular = false;
  for (std::size_t at = r.first; at < r.first + r.senders; ++at) {
    next_[at] = any;
    gaps_.erase(at);
  }
}

bool checker::complete(std::size_t receiver, std::span<const std::uint32_t> sent) const noexcept {
  const auto* const next = next_.data() + rows_[receiver].first;
  for (std::size_t place = 0; place < sent.size(); ++place)
    if (next[place] < sent[place]) return false;
  return true;
}

void checker::finish(std::size_t receiver, std::span<const std::uint32_t> sent) {
  auto& r = rows_[receiver];
  for (std::size_t place = 0; place < sent.size(); ++place) {
    auto& next = next_[r.first + place];
    if (next >= sent[place]) continue;
    r.regular = false;
    missing_ += sent[place] - next;
    next = sent[place];
  }
}

std::uint32_t checker::seen(std::size_t receiver, std::uint32_t place) const noexcept {
  const auto next = next_[rows_[receiver].first + place];
  return next == any ? 0 : next;
}

std::optional<std::uint64_t> checker::order(std::size_t receiver) const noexcept {
  const auto& r = rows_[receiver];
  return r.regular ? std::optional{r.order} : std::nullopt;
}

std::size_t count_dissenters(std::vector<std::uint64_t> orders) {
  std::sort(orders.begin(), orders.end());
  std::size_t most = 0;
  for (auto from = orders.begin(); from != orders.end();) {
    const auto to = std::upper_bound(from, orders.end(), *from);
    most = std::max(most, static_cast<std::size_t>(to - from));
    from = to;
  }
  return orders.size() - most;
}

}  // namespace roomcast::load
