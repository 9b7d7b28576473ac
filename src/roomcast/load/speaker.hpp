#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace roomcast::load {

/// What one sender says: frames that differ only in their marker, so that each is the one before, patched.
class speaker {
 public:
  /// `bytes` of text a message, at least `marker::size`; the text is the payload, or a JSON object of roomcast.v1 holds it.
  speaker(std::uint32_t sender, std::uint32_t run, std::size_t bytes, bool json = false);

  /// Appends the next message's frame to `out`; `time` is what its marker says.
  void speak(std::string& out, std::uint32_t time);

  std::uint32_t sender() const noexcept { return sender_; }
  std::uint32_t spoken() const noexcept { return spoken_; }

 private:
  std::uint32_t sender_;
  std::uint32_t spoken_ = 0;
  std::uint64_t mask_;     // as it lies over eight letters of the marker
  std::size_t behind_;     // bytes after the marker
  std::string frame_;
};

}  // namespace roomcast::load
