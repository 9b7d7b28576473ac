#pragma once

#include <concepts>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace roomcast {

class lane;

/// Something that another lane has for a lane to do.
class letter {
 public:
  letter() = default;
  letter(const letter&) = delete;
  letter& operator=(const letter&) = delete;

  /// Does it. Called once, on the lane; the letter may be gone afterwards.
  virtual void open() = 0;

  /// Called instead of `open` where the lane runs no more.
  virtual void discard() noexcept = 0;

 protected:
  ~letter() = default;

 private:
  friend class mailbox;
  letter* next_ = nullptr;
};

/// What other lanes have for a lane to do. Letters are opened on the lane, those of one sender in the order in which they were
/// posted; the executor is asked once for all that wait, so that a busy lane takes them in bulk. Any thread.
class mailbox {
 public:
  explicit mailbox(lane& owner) noexcept : owner_(owner) {}
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox() { close(); }

  template <std::invocable Function>
  void post(Function&& f) {
    post(*new letter_of<std::decay_t<Function>>(std::forward<Function>(f)));
  }

  /// `l` has to stay where it is until it is opened or discarded.
  void post(letter& l) noexcept;

  /// What waits, and what will be posted, is discarded: the lane's executor runs no more.
  void close() noexcept;

 private:
  // Owns itself.
  template <class Function>
  struct letter_of final : letter {
    explicit letter_of(Function&& f) : what(std::move(f)) {}
    explicit letter_of(const Function& f) : what(f) {}
    void open() override {
      const std::unique_ptr<letter_of> self{this};
      what();
    }
    void discard() noexcept override { delete this; }
    Function what;
  };

  void ask();
  void open_all();
  letter* take_all() noexcept;

  lane& owner_;
  std::mutex mutex_;
  // under the mutex
  letter* first_ = nullptr;
  letter* last_ = nullptr;
  bool asked_ = false;  // the executor, to open all
  bool closed_ = false;
};

}  // namespace roomcast
