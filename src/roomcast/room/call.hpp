#pragma once

#include "roomcast/room/lane.hpp"
#include "roomcast/room/task.hpp"

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace roomcast {

/// Runs `ask` on lane `there`, and completes on lane `here`, the caller's, with what it returns; at once where they are one.
/// Whatever `there` posts to `here` before, arrives before.
template <class Ask>
class [[nodiscard]] call {
 public:
  call(lane& here, lane& there, Ask ask) : here_(here), there_(there), ask_(std::move(ask)) {}

  bool await_ready() const noexcept { return &here_ == &there_; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) {
    there_.post([this, who = suspended{caller, caller.promise().root}]() mutable {
      try {
        answer_.emplace(ask_());
      } catch (...) {
        failure_ = std::current_exception();
      }
      here_.post([who = std::move(who)]() mutable { who.resume(); });
    });
  }

  std::invoke_result_t<Ask&> await_resume() {
    if (await_ready()) return ask_();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(*answer_);
  }

 private:
  lane& here_;
  lane& there_;
  Ask ask_;
  std::optional<std::invoke_result_t<Ask&>> answer_;
  std::exception_ptr failure_;
};

}  // namespace roomcast
