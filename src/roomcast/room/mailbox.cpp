#include "roomcast/room/mailbox.hpp"

#include "roomcast/room/lane.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <exception>

namespace roomcast {

void mailbox::post(std::unique_ptr<letter> l) noexcept {
  const std::lock_guard lock{mutex_};
  if (closed_) return;
  letter* const newest = l.get();
  (last_ ? last_->next : first_) = std::move(l);
  last_ = newest;
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

std::unique_ptr<mailbox::letter> mailbox::take_all() noexcept {
  const std::lock_guard lock{mutex_};
  asked_ = false;
  last_ = nullptr;
  return std::move(first_);
}

void mailbox::open_all() {
  for (auto l = take_all(); l; l = std::move(l->next)) {
    try {
      l->open();
    } catch (const std::exception& e) {
      owner_.shared().log(log_level::error, fmt::format("between lanes: {}", e.what()));
    }
  }
}

void mailbox::close() noexcept {
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
  }
  for (auto l = take_all(); l; l = std::move(l->next)) {  // one after another, not one stack frame a letter
  }
}

}  // namespace roomcast
