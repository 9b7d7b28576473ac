#include "roomcast/room/mailbox.hpp"

#include "roomcast/room/lane.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <exception>
#include <utility>

namespace roomcast {

void mailbox::post(letter& l) noexcept {
  std::unique_lock lock{mutex_};
  if (closed_) {
    lock.unlock();
    return l.discard();
  }
  (last_ ? last_->next_ : first_) = &l;
  last_ = &l;
  if (asked_) return;
  try {
    ask();
  } catch (const std::exception&) {  // no memory: the next letter asks again
  }
}

void mailbox::ask() {
  asio::post(owner_.executor(), [alive = owner_.shared_from_this(), this] { open_all(); });
  asked_ = true;
}

letter* mailbox::take_all() noexcept {
  const std::lock_guard lock{mutex_};
  asked_ = false;
  last_ = nullptr;
  return std::exchange(first_, nullptr);
}

void mailbox::open_all() {
  for (letter* l = take_all(); l;) {
    letter* const next = l->next_;
    try {
      l->open();
    } catch (const std::exception& e) {
      owner_.shared().log(log_level::error, fmt::format("between lanes: {}", e.what()));
    }
    l = next;
  }
}

void mailbox::close() noexcept {
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
  }
  for (letter* l = take_all(); l;) {
    letter* const next = l->next_;
    l->discard();
    l = next;
  }
}

}  // namespace roomcast
