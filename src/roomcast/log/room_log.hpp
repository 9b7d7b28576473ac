#pragma once

#include "roomcast/error.hpp"
#include "roomcast/log/batch.hpp"
#include "roomcast/log/encoder.hpp"
#include "roomcast/wire/text_format.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <string_view>

namespace roomcast::log {

/// The order of one room's messages, as bytes that are ready for the wire.
///
/// A batch is *open* while entries are added to it, *sealed* when it is closed to them, and *visible* when members may be
/// sent it. Where messages are stored, it is *settled* in between: stored, or known not to be. Batches go from one to the
/// next in their order. Home lane only.
class room_log {
 public:
  /// `is_stored`: sealed batches are to be settled before they are shown.
  room_log(std::string_view room, const wire::text_format& format, std::pmr::memory_resource& memory, bool is_stored)
      : encoder_(room, format, memory), is_stored_(is_stored) {}

  /// Goes on after message `seq`, which is visible. Before anything else is asked.
  void resume_after(std::uint64_t seq) noexcept { seq_ = visible_seq_ = seq; }

  /// Orders `m`: gives it the next sequence number, which it returns, and the time; adds its frames to the open batch.
  std::uint64_t append(wire::message m);

  /// Adds a notice to the open batch: `write` appends its frame, in JSON, to a string.
  template <class Write>
  void append_notice(Write write) {
    open();
    encoder_.add_notice(*open_, seq_, write);
    grew();
  }

  /// From now on batches are written in `form`, too, with all that is not visible yet; or they are not any more.
  void use(wire::encoding form);
  void disuse(wire::encoding form) noexcept { forms_.remove(form); }

  /// Bytes that have been ordered and are in no sealed batch yet.
  std::size_t open_bytes() const noexcept { return open_ ? size_of(*open_) : 0; }

  /// Bytes that have been ordered and are not visible yet.
  std::size_t hidden_bytes() const noexcept { return sealed_bytes_ + open_bytes(); }

  /// Closes the open batch, if there is one.
  void seal();

  /// The oldest sealed batch that waits to be stored; null where there is none, and where none is to be.
  std::shared_ptr<const batch> next_to_store() const { return decided() == sealed_.size() ? nullptr : sealed_[decided()]; }

  /// It is being stored.
  void store() noexcept { ++storing_; }

  bool is_storing() const noexcept { return storing_ != 0; }

  /// The oldest batch that is being stored, which is returned, is, or, where `failure` says why not, has lost its messages;
  /// nobody else has it.
  const batch& settle(error_code failure) noexcept;

  /// The oldest batch that may be shown; null where there is none.
  std::shared_ptr<const batch> next_to_show() const { return settled_ == 0 ? nullptr : sealed_.front(); }

  /// Makes it visible.
  void show() noexcept;

  /// The position after the last entry: where a newcomer's cursor starts.
  std::uint64_t end() const noexcept { return end_; }

  std::uint64_t visible_end() const noexcept { return visible_end_; }

  /// The sequence number of the last message.
  std::uint64_t seq() const noexcept { return seq_; }

  /// That of the last visible one.
  std::uint64_t visible_seq() const noexcept { return visible_seq_; }

  const encoder& writer() const noexcept { return encoder_; }

 private:
  // What a batch beyond it may not become: a message more, with all of its characters escaped, has to fit into 4 GiB.
  static constexpr std::size_t most = std::size_t{1} << 30;

  static std::size_t size_of(const batch& b) noexcept;
  void open();
  void grew();
  std::size_t decided() const noexcept { return settled_ + storing_; }

  const encoder encoder_;
  const bool is_stored_;
  std::shared_ptr<batch> open_;
  std::deque<std::shared_ptr<batch>> sealed_;
  std::size_t settled_ = 0;  // of `sealed_`, from the front
  std::size_t storing_ = 0;  // of those behind
  std::size_t sealed_bytes_ = 0;
  std::uint64_t seq_ = 0;
  std::uint64_t visible_seq_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t visible_end_ = 0;
  wire::encoding_set forms_;

  // The sizes of the last batch sealed: the next is probably like it.
  struct {
    std::array<std::size_t, wire::encodings> bytes{};
    std::size_t speakers = 0;
    std::size_t entries = 0;
  } expected_;
};

}  // namespace roomcast::log
