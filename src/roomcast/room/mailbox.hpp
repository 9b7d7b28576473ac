#pragma once

#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace roomcast {

class lane;

/// What other lanes have for a lane to do. Letters are opened on the lane, those of one sender in the order in which they were
/// posted; the executor is asked once for all that wait, so that a busy lane takes them in bulk. Any thread.
class mailbox {
 public:
  explicit mailbox(lane& owner) noexcept : owner_(owner) {}
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox() { close(); }

  template <class Function>
  void post(Function&& f) {
    post(std::unique_ptr<letter>{std::make_unique<letter_of<std::decay_t<Function>>>(std::forward<Function>(f))});
  }

  /// What waits, and what will be posted, is thrown away: the lane's executor runs no more.
  void close() noexcept;

 private:
  struct letter {
    virtual ~letter() = default;
    virtual void open() = 0;
    std::unique_ptr<letter> next;
  };

  template <class Function>
  struct letter_of final : letter {
    explicit letter_of(Function&& f) : what(std::move(f)) {}
    explicit letter_of(const Function& f) : what(f) {}
    void open() override { what(); }
    Function what;
  };

  void post(std::unique_ptr<letter> l) noexcept;
  void ask();
  void open_all();
  std::unique_ptr<letter> take_all() noexcept;

  lane& owner_;
  std::mutex mutex_;
  // under the mutex
  std::unique_ptr<letter> first_;
  letter* last_ = nullptr;
  bool asked_ = false;  // the executor, to open all
  bool closed_ = false;
};

}  // namespace roomcast
