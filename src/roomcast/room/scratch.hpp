#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace roomcast {

/// A lane's two work buffers, so that no idle connection holds one: what was just received, and the message that is just
/// being read out of it. Lane only.
class scratch {
 public:
  /// One whose unread bytes stand in the receive buffer.
  class tenant {
   public:
    /// Another connection is about to receive: take your bytes with you.
    virtual void move_out() = 0;

   protected:
    ~tenant() = default;
  };

  static constexpr std::size_t receive_size = 64 * 1024;

  explicit scratch(std::size_t max_message_size)
      : receive_(std::make_unique_for_overwrite<std::byte[]>(receive_size)),
        message_size_(max_message_size + 1),
        message_(std::make_unique_for_overwrite<std::byte[]>(message_size_)) {}

  /// The receive buffer, for `t`, until somebody else moves in.
  std::span<std::byte> move_in(tenant& t) {
    if (tenant_ != nullptr && tenant_ != &t) tenant_->move_out();
    tenant_ = &t;
    return {receive_.get(), receive_size};
  }

  void leave(tenant& t) noexcept {
    if (tenant_ == &t) tenant_ = nullptr;
  }

  /// Room for one message of the longest kind, and a byte, so that a read never meets a full buffer. Holds nothing across
  /// a suspension.
  std::span<std::byte> message() noexcept { return {message_.get(), message_size_}; }

 private:
  std::unique_ptr<std::byte[]> receive_;
  std::size_t message_size_;
  std::unique_ptr<std::byte[]> message_;
  tenant* tenant_ = nullptr;
};

}  // namespace roomcast
