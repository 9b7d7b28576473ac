#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

// The coroutines of a lane. They are resumed by the lane's own events, never by a scheduler of theirs, so that an operation
// which can complete at once costs a function call, and a waiting coroutine is its frame and nothing else.

namespace roomcast {

/// A chain of coroutines that waits for something, owned by what it waits for: the innermost is resumed, or, when the wait
/// is destroyed with its io_context, the whole chain is destroyed from its root, guards and all. Move-only.
class suspended {
 public:
  suspended(std::coroutine_handle<> leaf, std::coroutine_handle<> root) noexcept : leaf_(leaf), root_(root) {}
  suspended(suspended&& other) noexcept : leaf_(other.leaf_), root_(std::exchange(other.root_, nullptr)) {}
  suspended& operator=(suspended&&) = delete;
  ~suspended() {
    if (root_) root_.destroy();
  }

  void resume() {
    root_ = nullptr;
    leaf_.resume();
  }

 private:
  std::coroutine_handle<> leaf_, root_;
};

namespace detail {

struct task_promise_base {
  struct final_awaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  final_awaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }

  std::coroutine_handle<> continuation, root;
  std::exception_ptr failure;
};

template <class T>
struct task_promise : task_promise_base {
  std::coroutine_handle<task_promise> get_return_object() noexcept {
    return std::coroutine_handle<task_promise>::from_promise(*this);
  }
  template <class U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T take() { return std::move(*result); }

  std::optional<T> result;
};

template <>
struct task_promise<void> : task_promise_base {
  std::coroutine_handle<task_promise> get_return_object() noexcept {
    return std::coroutine_handle<task_promise>::from_promise(*this);
  }
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

/// A coroutine that another one awaits, once; it begins when it is awaited. Destroying the awaiting one destroys it.
template <class T = void>
class [[nodiscard]] task {
 public:
  using promise_type = detail::task_promise<T>;

  task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  task& operator=(task&&) = delete;
  ~task() {
    if (coroutine_) coroutine_.destroy();
  }

  bool await_ready() noexcept { return false; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
    auto& promise = coroutine_.promise();
    promise.continuation = awaiting;
    promise.root = awaiting.promise().root;
    return coroutine_;
  }

  T await_resume() {
    auto& promise = coroutine_.promise();
    if (promise.failure) std::rethrow_exception(promise.failure);
    return promise.take();
  }

 private:
  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

/// The root of a chain: owns itself while it runs.
struct root_coroutine {
  struct promise_type {
    root_coroutine get_return_object() noexcept {
      root = std::coroutine_handle<promise_type>::from_promise(*this);
      return {suspended{root, root}};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }

    std::coroutine_handle<> root;
  };

  suspended start;
};

inline root_coroutine run_root(task<> body, std::function<void(std::exception_ptr)> done) {
  std::exception_ptr failure;
  try {
    co_await body;
  } catch (...) {
    failure = std::current_exception();
  }
  done(failure);
}

}  // namespace detail

/// A chain that is ready to start, with `body` at its root: `resume()` it on its lane. `done` is called when the body has
/// ended, with what it threw, if it did; not when the chain is destroyed while it waits. `done` must not throw.
inline suspended prepare(task<> body, std::function<void(std::exception_ptr)> done) {
  return std::move(detail::run_root(std::move(body), std::move(done)).start);
}

}  // namespace roomcast
