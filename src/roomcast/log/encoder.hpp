#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/wire/text_format.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string_view>

namespace roomcast::log {

/// Writes what is said in a room into batches. `room` and `format` outlive it.
class encoder {
 public:
  encoder(std::string_view room, const wire::text_format& format, std::pmr::memory_resource& memory) noexcept
      : room_(room), format_(format), memory_(&memory) {}

  /// An empty batch that begins at position `at`, after message `seq`, at `time`, to be written in `forms`.
  std::shared_ptr<batch> make(std::uint64_t at, std::uint64_t seq, std::chrono::system_clock::time_point time, wire::encoding_set forms) const;

  std::string_view room() const noexcept { return room_; }

  /// Whether `m`, which comes after what is in `b`, fits into it: a batch holds numbers and times as distances.
  static bool fits(const batch& b, const wire::message& m) noexcept;

  /// Appends `m`, whose number, room and time are given, to `b`. Where memory runs out, `b` is as before.
  void add(batch& b, const wire::message& m) const;

  /// Appends a notice to `b`: `write` appends its frame, in JSON, to a string.
  template <class Write>
  void add_notice(batch& b, std::uint64_t seq, Write write) const {
    add(b, {.seq = static_cast<std::uint32_t>(seq - b.seq_base), .notice = true}, [&] { write(b.in(wire::encoding::json)); });
  }

  /// Writes the messages of `b` in `form`, too, in which it is not written.
  void write(batch& b, wire::encoding form) const;

  /// `b`, or a copy of it that is written in `form`, too.
  std::shared_ptr<const batch> in_form(const std::shared_ptr<const batch>& b, wire::encoding form) const {
    return b->written.has(form) ? b : copy_in_form(*b, form);
  }

  /// A copy of `b` that is written in `form`, too, in which `b` is not.
  std::shared_ptr<batch> copy_in_form(const batch& b, wire::encoding form) const;

 private:
  template <class Write>
  static void add(batch& b, const entry& e, Write write);
  static void append(std::pmr::string& out, const wire::message& m, wire::encoding form);

  std::string_view room_;
  const wire::text_format& format_;
  std::pmr::memory_resource* memory_;
};

template <class Write>
void encoder::add(batch& b, const entry& e, Write write) {
  b.entries.push_back(e);
  try {
    write();
  } catch (...) {
    b.entries.pop_back();
    for (std::size_t i = 0; i < wire::encodings; ++i) b.bytes[i].resize(b.entries.empty() ? 0 : b.entries.back().end[i]);
    throw;
  }
  for (std::size_t i = 0; i < wire::encodings; ++i) b.entries.back().end[i] = static_cast<std::uint32_t>(b.bytes[i].size());
}

}  // namespace roomcast::log
