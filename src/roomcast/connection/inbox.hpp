#pragma once

#include "roomcast/options.hpp"
#include "roomcast/payload.hpp"
#include "roomcast/room/scratch.hpp"
#include "roomcast/wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>

namespace roomcast {

/// The bytes that have come from a peer and have not been read yet; on the way out of here it goes from frame to frame.
///
/// A message that is here as a whole, in one frame, ends here, as most do; so do pings and pongs. Everything else is Beast's,
/// which is handed at most one frame at a time, and only when its *synchronous* read can finish with what is here: a data
/// frame whose header is whole and of which a payload byte is there. A fragment that is empty and not the last, which
/// would make that read ask for more, is merged into the next. No I/O. Lane only.
class inbox final : scratch::tenant {
 public:
  enum class front {
    nothing,             ///< More bytes are needed.
    message,             ///< `take_message` has one; that a text is UTF-8 is still to be seen.
    readable,            ///< Beast's next read finds what it needs, or what it refuses.
    ping,                ///< `take_ping` has the payload to be answered.
    pong,                ///< A pong was passed over.
    too_many_fragments,  ///< More than `options::max_fragments`.
    binary,              ///< A binary message begins, and is not wanted.
    violation,           ///< Of the protocol, and Beast would not see it.
  };

  inbox(scratch& buffers, const options& limits, std::pmr::memory_resource& memory) noexcept
      : buffers_(buffers), limits_(limits), own_(&memory), partial_(&memory) {}
  ~inbox() { buffers_.leave(*this); }

  /// Where to receive into, until `received` says how much it was.
  std::span<std::byte> space();
  void received(std::size_t n) noexcept { unread_ = {unread_.data(), unread_.size() + n}; }

  /// Adds bytes that came another way: after the HTTP request, in its packet.
  void append(std::string_view bytes);

  /// All that is unread, and taking the first `n` bytes of it: while a request, not frames, is read.
  std::string_view unread() const noexcept { return {reinterpret_cast<const char*>(unread_.data()), unread_.size()}; }
  void consume(std::size_t n) noexcept { unread_ = unread_.subspan(n); }

  /// What stands at the front, of frames.
  front look();

  /// The payload of the ping that `look` has just found; valid until the next call.
  std::string_view take_ping() const noexcept { return found_.bytes; }

  /// The message that `look` has just found; valid until the next call, and until another connection of the lane receives.
  payload take_message() const noexcept { return found_; }

  /// For Beast: up to `into.size()` bytes, none beyond the frame at the front.
  std::size_t take(std::span<std::byte> into) noexcept;

  /// What has been read of a message whose rest is still to come.
  std::pmr::string& partial() noexcept { return partial_; }
  void forget_partial() noexcept;

  /// Memory that this holds, in bytes.
  std::size_t held() const noexcept { return own_.size() + partial_.size(); }

  /// Lets go of everything: nothing more is to be read.
  void release() noexcept;

  /// Whether some of a message, or of a frame, has come and its end has not.
  bool inside_message() const noexcept { return in_message_ || frame_left_ != 0 || !unread_.empty(); }

 private:
  void move_out() override;
  front look_at_control(const wire::frame_header& header);
  front look_at_data(const wire::frame_header& header);
  void take(const wire::frame_header& header) noexcept;
  front hand_over(std::uint64_t size) noexcept;

  scratch& buffers_;
  const options& limits_;
  std::span<std::byte> unread_;       // in the lane's receive buffer, or in `own_`
  std::pmr::string own_;              // what had to be moved out of there
  std::pmr::string partial_;
  std::uint64_t frame_left_ = 0;      // of the frame that Beast has begun
  std::size_t fragments_ = 0;         // of this message
  payload found_;                     // unmasked
  wire::opcode merged_ = wire::opcode::continuation;  // of a first fragment that was empty
  bool in_message_ = false;
};

}  // namespace roomcast
