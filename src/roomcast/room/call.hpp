#pragma once

#include "roomcast/room/lane.hpp"
#include "roomcast/room/task.hpp"

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace roomcast {

/// Runs `ask` on lane `there`, and completes on lane `here`, the caller's, with what it returns; at once where they are one.
/// Whatever `there` posts to `here` before, arrives before. What is posted lies in the call itself: no memory can be wanting.
template <class Ask>
class [[nodiscard]] call {
 public:
  call(lane& here, lane& there, Ask ask) : here_(here), there_(there), ask_(std::move(ask)) {}

  bool await_ready() const noexcept { return &here_ == &there_; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    caller_.emplace(caller, caller.promise().root);
    there_.post(question_);
  }

  std::invoke_result_t<Ask&> await_resume() {
    if (await_ready()) return ask_();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(*answer_);
  }

 private:
  struct question final : letter {
    explicit question(call& c) noexcept : whole(c) {}
    void open() noexcept override { whole.answer(); }
    void discard() noexcept override { whole.take_caller(); }
    call& whole;
  };

  struct reply final : letter {
    explicit reply(call& c) noexcept : whole(c) {}
    void open() noexcept override { whole.take_caller().resume(); }
    void discard() noexcept override { whole.take_caller(); }
    call& whole;
  };

  void answer() noexcept {
    try {
      answer_.emplace(ask_());
    } catch (...) {
      failure_ = std::current_exception();
    }
    here_.post(reply_);
  }

  // The call is part of what is resumed, or destroyed with what is returned.
  suspended take_caller() noexcept { return std::move(*caller_); }

  lane& here_;
  lane& there_;
  Ask ask_;
  question question_{*this};
  reply reply_{*this};
  std::optional<suspended> caller_;
  std::optional<std::invoke_result_t<Ask&>> answer_;
  std::exception_ptr failure_;
};

/// Like `call`, but `ask` gives its answer, once, then or later, to a function that it is called with: `std::function<void(Answer)>`,
/// on lane `there`, and throws nothing after that. Where the function is destroyed instead, so is the caller.
template <class Answer, class Ask>
class [[nodiscard]] deferred_call {
 public:
  deferred_call(lane& here, lane& there, Ask ask) : here_(here), there_(there), ask_(std::move(ask)) {}

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    caller_.emplace(caller, caller.promise().root);
    there_.post(question_);
  }

  Answer await_resume() {
    if (failure_) std::rethrow_exception(failure_);
    return std::move(*answer_);
  }

 private:
  struct question final : letter {
    explicit question(deferred_call& c) noexcept : whole(c) {}
    void open() noexcept override { whole.begin(); }
    void discard() noexcept override { whole.take_caller(); }
    deferred_call& whole;
  };

  struct reply final : letter {
    explicit reply(deferred_call& c) noexcept : whole(c) {}
    void open() noexcept override { whole.take_caller().resume(); }
    void discard() noexcept override { whole.take_caller(); }
    deferred_call& whole;
  };

  void begin() noexcept {
    std::shared_ptr<std::optional<suspended>> caller;
    try {
      caller = std::make_shared<std::optional<suspended>>();
      caller->emplace(take_caller());
      Ask ask = std::move(ask_);  // the call may be gone before that returns
      ask(std::function<void(Answer)>{[this, caller](Answer a) {
        answer_.emplace(std::move(a));
        end(**caller);
      }});
    } catch (...) {
      failure_ = std::current_exception();
      if (caller && *caller)
        end(**caller);
      else
        here_.post(reply_);
    }
  }

  void end(suspended& caller) noexcept {
    caller_.emplace(std::move(caller));
    here_.post(reply_);
  }

  // The call is part of what is resumed, or destroyed with what is returned.
  suspended take_caller() noexcept { return std::move(*caller_); }

  lane& here_;
  lane& there_;
  Ask ask_;
  question question_{*this};
  reply reply_{*this};
  std::optional<suspended> caller_;
  std::optional<Answer> answer_;
  std::exception_ptr failure_;
};

}  // namespace roomcast
