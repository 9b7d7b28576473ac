#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace roomcast {

namespace asio = boost::asio;

/// How an executor keeps a lane's work in one line.
enum class lane_threading {
  many,  ///< Any number of threads run it: a strand does.
  one,   ///< One thread runs its io_context, which is strand enough.
};

/// One line of work on a caller's executor. Outlives all its executors.
class lane_strand {
 public:
  lane_strand(asio::any_io_executor inner, lane_threading threading)
      : inner_(std::move(inner)), strand_(asio::make_strand(inner_)) {
    const auto* const native = inner_.target<asio::io_context::executor_type>();
    if (threading == lane_threading::one && native) native_ = *native;
  }

  lane_strand(const lane_strand&) = delete;
  lane_strand& operator=(const lane_strand&) = delete;

  /// The executor beneath: work posted to it goes once round whatever else waits there.
  const asio::any_io_executor& inner() const noexcept { return inner_; }

  bool running_in_this_thread() const noexcept {
    return native_ ? native_->running_in_this_thread() : strand_.running_in_this_thread();
  }

  template <class Function>
  void post(Function&& f) const {
    if (native_)
      asio::require(*native_, asio::execution::blocking.never).execute(std::forward<Function>(f));
    else
      asio::require(strand_, asio::execution::blocking.never).execute(std::forward<Function>(f));
  }

  /// Like `post`, but for a caller that already runs on the executor beneath: nothing more is queued than must be.
  template <class Function>
  void dispatch(Function&& f) const {
    if (native_)
      native_->execute(std::forward<Function>(f));
    else
      strand_.execute(std::forward<Function>(f));
  }

 private:
  asio::any_io_executor inner_;
  asio::strand<asio::any_io_executor> strand_;
  std::optional<asio::io_context::executor_type> native_;
};

/// The executor of all that lives on a lane, in the size of a pointer: sockets, timers and handlers each hold a few.
class lane_executor {
 public:
  explicit lane_executor(const lane_strand& strand) noexcept : strand_(&strand) {}

  asio::execution_context& query(asio::execution::context_t) const noexcept {
    return asio::query(strand_->inner(), asio::execution::context);
  }

  asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
    return never_ ? asio::execution::blocking_t(asio::execution::blocking.never)
                  : asio::execution::blocking_t(asio::execution::blocking.possibly);
  }

  lane_executor require(asio::execution::blocking_t::never_t) const noexcept { return {*strand_, true}; }
  lane_executor require(asio::execution::blocking_t::possibly_t) const noexcept { return {*strand_, false}; }

  template <class Function>
  void execute(Function&& f) const {
    if (never_) {
      strand_->post(std::forward<Function>(f));
    } else if (strand_->running_in_this_thread()) {
      std::decay_t<Function> here(std::forward<Function>(f));
      here();
    } else {
      strand_->dispatch(std::forward<Function>(f));
    }
  }

  bool running_in_this_thread() const noexcept { return strand_->running_in_this_thread(); }

  friend bool operator==(const lane_executor& a, const lane_executor& b) noexcept {
    return a.strand_ == b.strand_ && a.never_ == b.never_;
  }
  friend bool operator!=(const lane_executor& a, const lane_executor& b) noexcept { return !(a == b); }

 private:
  lane_executor(const lane_strand& strand, bool never) noexcept : strand_(&strand), never_(never) {}

  const lane_strand* strand_;
  bool never_ = false;
};

}  // namespace roomcast
