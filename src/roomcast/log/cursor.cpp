#include "roomcast/log/cursor.hpp"

#include <algorithm>

namespace roomcast::log {
namespace {

// The entry whose frame holds the byte at `offset`.
auto entry_at(const batch& b, std::size_t offset) {
  return std::upper_bound(b.entries.begin(), b.entries.end(), offset,
                          [](std::size_t at, const entry& e) { return at < e.end; });
}

std::size_t begin_of(const batch& b, std::pmr::vector<entry>::const_iterator e) {
  return e == b.entries.begin() ? 0 : std::prev(e)->end;
}

}  // namespace

void cursor::offer(const std::shared_ptr<link>& newest) {
  if (!at_ && newest->batch->end() > position_) at_ = newest;
}

std::string_view cursor::next() noexcept {
  if (!at_) return {};
  if (own_ != 0) return next_of_others();
  return std::string_view{at_->batch->bytes}.substr(offset());
}

std::string_view cursor::next_of_others() noexcept {
  while (at_) {
    const batch& b = *at_->batch;
    auto e = entry_at(b, offset());
    if (e->sender != own_) {
      const auto stop = std::find_if(e, b.entries.end(), [&](const entry& each) { return each.sender == own_; });
      return std::string_view{b.bytes}.substr(offset(), begin_of(b, stop) - offset());
    }
    while (e != b.entries.end() && e->sender == own_) ++e;
    position_ = b.begin + begin_of(b, e);
    follow();
  }
  return {};
}

void cursor::advance(std::size_t n) noexcept {
  position_ += n;
  follow();
}

void cursor::follow() noexcept {
  if (position_ == at_->batch->end()) at_ = std::shared_ptr(at_->next);
}

std::string_view cursor::half_read() const noexcept {
  if (!at_) return {};
  const batch& b = *at_->batch;
  const auto e = entry_at(b, offset());
  if (begin_of(b, e) == offset()) return {};
  return std::string_view{b.bytes}.substr(offset(), e->end - offset());
}

void cursor::skip_to(const std::shared_ptr<link>& newest) noexcept {
  at_ = newest;
  position_ = newest->batch->begin;
}

}  // namespace roomcast::log
