#pragma once

#include "roomcast/error.hpp"
#include "roomcast/wire/encoding.hpp"
#include "roomcast/wire/message.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::log {

/// A message's place in a batch, or a notice's: something that members are told in between, and that is no message. Kept small:
/// rooms remember thousands of them.
struct entry {
  std::array<std::uint32_t, wire::encodings> end{};  ///< just after its frame, in the bytes of each encoding
  std::uint32_t seq = 0;        ///< less `batch::seq_base`; a notice has that of the message before it
  std::uint32_t text = 0;       ///< where its text begins, in the bytes of plain text
  std::uint32_t text_size = 0;
  std::uint32_t speaker = 0;    ///< of `batch::speakers`; a notice has none
  std::uint32_t time = 0;       ///< milliseconds after `batch::time`
  bool binary = false;
  bool echo = true;
  bool notice = false;
};

/// Who has said some of a batch's messages.
struct speaker {
  std::uint64_t number = 0;  ///< a member's; 0 for one who is no member
  std::uint64_t id = 0;      ///< a member's
  std::uint32_t name = 0;    ///< where its name begins, in `batch::names`
  std::uint32_t name_size = 0;
};

/// Entries that came close together: for each encoding that is in use one block of frames, ready for the wire; plain text always
/// is. Immutable once it is sealed, so lanes share it. Less than 4 GiB.
///
/// A position in a room's log is the number of entries before it.
struct batch {
  batch(std::pmr::memory_resource* memory, std::uint64_t at, std::uint64_t seq, std::chrono::system_clock::time_point now)
      : begin(at), seq_base(seq), time(now), bytes{std::pmr::string{memory}, std::pmr::string{memory}, std::pmr::string{memory}}, names(memory), speakers(memory), entries(memory) {}

  std::uint64_t begin;     ///< the position of its first entry
  std::uint64_t seq_base;  ///< the sequence number of the message before it
  std::chrono::system_clock::time_point time;  ///< of its first message
  std::array<std::pmr::string, wire::encodings> bytes;
  std::pmr::string names;
  std::pmr::vector<speaker> speakers;
  std::pmr::vector<entry> entries;
  std::uint32_t messages = 0;  ///< entries that are no notices
  wire::encoding_set written;  ///< in which every message is
  bool plain_echo = true;      ///< every message has `echo`
  std::uint32_t lost = 0;      ///< messages that there were, …
  error_code failure;          ///< … and why; see `lose_messages`

  std::uint64_t end() const noexcept { return begin + entries.size(); }
  std::uint64_t seq_of(const entry& e) const noexcept { return seq_base + e.seq; }
  std::uint64_t last_seq() const noexcept { return seq_of(entries.back()); }

  const std::pmr::string& in(wire::encoding e) const noexcept { return bytes[static_cast<std::size_t>(e)]; }
  std::pmr::string& in(wire::encoding e) noexcept { return bytes[static_cast<std::size_t>(e)]; }

  /// Its messages cannot be stored, and nobody may see them: their entries stay without a byte, and tell only who has said them.
  void lose_messages(error_code why) noexcept {
    for (std::size_t i = 0; i < wire::encodings; ++i) {
      char* const all = bytes[i].data();
      std::uint32_t from = 0, to = 0;
      for (entry& e : entries) {
        const std::uint32_t size = e.end[i] - from;
        from = e.end[i];
        if (e.notice) {
          std::memmove(all + to, all + from - size, size);
          to += size;
        }
        e.end[i] = to;
      }
      bytes[i].resize(to);
    }
    failure = why;
    lost = std::exchange(messages, 0);
  }

  /// Gives back what was reserved in vain: lagging readers hold on to a batch for as long as they lag.
  void give_back() {
    const auto trim = [](auto& each) {
      if (each.capacity() > 2 * each.size()) each.shrink_to_fit();
    };
    for (auto& each : bytes) trim(each);
    trim(speakers);
    trim(entries);
  }

  /// Has no entries any more, and its memory still; it is nobody else's.
  void begin_anew(std::uint64_t seq, std::chrono::system_clock::time_point now) noexcept {
    seq_base = seq;
    time = now;
    for (auto& each : bytes) each.clear();
    names.clear();
    speakers.clear();
    entries.clear();
    messages = 0;
    plain_echo = true;
  }

  /// The message of entry `i`, which is no notice; without its room.
  wire::message message(std::size_t i) const noexcept {
    const entry& e = entries[i];
    const speaker& who = speakers[e.speaker];
    return {.seq = seq_of(e),
            .sender = who.number,
            .id = who.id,
            .room = {},
            .name = std::string_view{names}.substr(who.name, who.name_size),
            .text = std::string_view{in(wire::encoding::text)}.substr(e.text, e.text_size),
            .binary = e.binary,
            .echo = e.echo,
            .time = time + std::chrono::milliseconds{e.time}};
  }
};

/// What one batch costs besides its bytes and entries: itself, its link, and what the allocator adds.
inline constexpr std::size_t batch_overhead = 448;

/// The memory that a batch takes up, in bytes: small messages weigh more than what is sent of them.
inline std::uint64_t weight_of(const batch& b) noexcept {
  std::uint64_t weight = batch_overhead + b.names.capacity() + b.speakers.capacity() * sizeof(speaker) + b.entries.capacity() * sizeof(entry);
  for (const auto& each : b.bytes) weight += each.capacity();
  return weight;
}

/// A batch in the order in which one lane shows a room's batches to its members. Belongs to that lane. A cursor that holds a
/// link holds all that comes after it, and nothing before.
struct link {
  /// `before` is the weight of all links before this one, modulo 2^64.
  link(std::shared_ptr<const log::batch> b, std::uint64_t before, bool again = false)
      : batch(std::move(b)), weight_before(before), weight_after(before + weight_of(*batch)), is_replay(again) {}
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  // A reader that leaves with a long chain behind it must not end it one stack frame a link.
  ~link() {
    while (next && next.use_count() == 1) next = std::shared_ptr(std::move(next->next));
  }

  const std::shared_ptr<const log::batch> batch;
  const std::uint64_t weight_before;
  const std::uint64_t weight_after;  ///< with this one
  const bool is_replay;  ///< for one reader, of what was visible before it came; positions in it mean nothing
  std::shared_ptr<link> next;
};

}  // namespace roomcast::log
