#pragma once

#include "roomcast/error.hpp"
#include "roomcast/log/store.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/task.hpp"

#include <coroutine>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

namespace roomcast {

/// Reads from the store, and completes on lane `here`, the caller's. `room` outlives it.
class [[nodiscard]] reading {
 public:
  struct result {
    error_code failure;
    log::store::excerpt what;
  };

  reading(lane& here, std::string_view room, const log::store::range& which) : here_(here), room_(room), which_(which) {}

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    caller_.emplace(caller, caller.promise().root);
    try {
      here_.shared().store->read(room_, which_, [this](error_code failure, log::store::excerpt what) {
        found_ = {failure, std::move(what)};
        here_.post(reply_);
      });
    } catch (const std::exception&) {
      found_.failure = make_error_code(boost::system::errc::not_enough_memory);
      here_.post(reply_);
    }
  }

  result await_resume() noexcept { return std::move(found_); }

 private:
  struct reply final : letter {
    explicit reply(reading& r) noexcept : whole(r) {}
    void open() noexcept override { whole.take_caller().resume(); }
    void discard() noexcept override { whole.take_caller(); }
    reading& whole;
  };

  // The reading is part of what is resumed, or destroyed with what is returned.
  suspended take_caller() noexcept { return std::move(*caller_); }

  lane& here_;
  const std::string_view room_;
  const log::store::range which_;
  reply reply_{*this};
  std::optional<suspended> caller_;
  result found_;
};

}  // namespace roomcast
