#include "roomcast/connection/outbox.hpp"

#include "roomcast/wire/frame.hpp"

#include <utility>

namespace roomcast {

namespace {

void take(std::pmr::string& into, std::pmr::string& from) noexcept {
  into.swap(from);  // of the same memory
  from.clear();
}

}  // namespace

outbox::private_bytes& outbox::mine() {
  if (!private_) private_ = std::make_unique<private_bytes>(memory_);
  return *private_;
}

void outbox::add(std::string_view bytes) {
  if (state_ == state::open) mine().ready += bytes;
}

void outbox::add_at(std::uint64_t position, std::string_view bytes) {
  if (state_ == state::cut) return;
  mine().later.emplace_back(position, bytes);
}

void outbox::pong(std::string_view payload) {
  if (state_ == state::open) mine().pong = wire::make_frame(wire::opcode::pong, payload);
}

void outbox::end(std::string_view last) {
  mine().last = last;
  mine().pong.clear();
}

void outbox::close_after(std::uint64_t flush_to, std::string_view last) {
  if (state_ != state::open) return;
  state_ = state::flushing;
  flush_to_ = flush_to;
  end(last);
}

void outbox::close(std::string_view last) {
  if (state_ == state::cut) return;
  const bool first = state_ == state::open;
  state_ = state::cut;
  if (private_) private_->later.clear();
  keep_half_sent();
  cursor_.detach();
  if (first) end(last);
}

std::pair<std::uint64_t, std::uint64_t> outbox::skip_to(const std::shared_ptr<log::link>& newest) {
  const std::uint64_t from = cursor_.next_seq();
  if (cursor_.is_at(*newest)) return {from, from};  // there is nothing before it to let go of
  keep_half_sent();
  cursor_.skip_to(newest);
  const bool is_read = !cursor_.is_at(*newest);  // where it has nothing in this form
  return {from, is_read ? newest->batch->last_seq() + 1 : cursor_.next_seq()};
}

void outbox::keep_half_sent() {
  const auto rest = cursor_.half_read();
  if (rest.empty()) return;
  mine().ready.insert(0, rest);
  private_->rest = rest.size();
}

std::size_t outbox::private_size() const noexcept {
  if (!private_) return 0;
  std::size_t size = private_->ready.size() - private_->gone + private_->pong.size() + private_->last.size();
  for (const auto& [position, bytes] : private_->later) size += bytes.size();
  return size;
}

std::string_view outbox::next() noexcept {
  next_is_private_ = false;
  if (!private_) return cursor_.next();
  auto& p = *private_;
  if (p.gone == 0) {
    if (const auto rest = cursor_.half_read(); !rest.empty()) return rest;
    if (p.ready.empty()) take(p.ready, p.pong);
  }
  if (p.ready.empty() && !take_due()) {
    const auto room = state_ == state::flushing && cursor_.position() >= flush_to_ ? std::string_view{} : cursor_.next();
    if (!room.empty()) return room;
    if (!take_due()) {  // the cursor may have passed over something
      if (state_ == state::open) return {};
      take(p.ready, p.last);
    }
  }
  next_is_private_ = true;
  return std::string_view{p.ready}.substr(p.gone);
}

// What waits for a position that the cursor has reached.
bool outbox::take_due() noexcept {
  auto& p = *private_;
  if (p.later.empty() || p.later.front().first > cursor_.position()) return false;
  take(p.ready, p.later.front().second);
  p.later.pop_front();
  return true;
}

void outbox::sent(std::size_t n) noexcept {
  if (!next_is_private_) return cursor_.advance(n);
  auto& p = *private_;
  p.gone += n;
  if (p.gone < p.ready.size()) return;
  p.ready.clear();
  p.gone = p.rest = 0;
  if (p.pong.empty() && p.later.empty() && p.last.empty() && state_ == state::open) private_.reset();
}

}  // namespace roomcast
