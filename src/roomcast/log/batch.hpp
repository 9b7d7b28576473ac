#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

namespace roomcast::log {

/// A message's place in a batch.
struct entry {
  std::uint64_t seq = 0;
  std::uint64_t sender = 0;  ///< a member's id; 0 for one who is no member
  std::size_t end = 0;       ///< just after its frame, in the batch's bytes
};

/// Messages that came close together: one block of frames, ready for the wire. Immutable once it is sealed, so lanes share it.
struct batch {
  batch(std::pmr::memory_resource* memory, std::uint64_t at) : begin(at), bytes(memory), entries(memory) {}

  std::uint64_t begin;  ///< its first byte's position in the room's log
  std::pmr::string bytes;
  std::pmr::vector<entry> entries;

  std::uint64_t end() const noexcept { return begin + bytes.size(); }
};

/// What one batch costs besides its bytes and entries: itself, its link, and what the allocator adds.
inline constexpr std::size_t batch_overhead = 256;

/// A batch in the order in which one lane shows a room's batches to its members. Belongs to that lane. A cursor that holds a
/// link holds all that comes after it, and nothing before.
struct link {
  /// `before` is the weight of all links before this one.
  link(std::shared_ptr<const log::batch> b, std::uint64_t before) : batch(std::move(b)), weight_before(before) {}
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  // A reader that leaves with a long chain behind it must not end it one stack frame a link.
  ~link() {
    while (next && next.use_count() == 1) next = std::shared_ptr(std::move(next->next));
  }

  /// With this one. Weight is memory, in bytes: small messages weigh more than what is sent of them.
  std::uint64_t weight_after() const noexcept {
    return weight_before + batch_overhead + batch->bytes.capacity() + batch->entries.capacity() * sizeof(entry);
  }

  std::shared_ptr<const log::batch> batch;
  std::uint64_t weight_before;
  std::shared_ptr<link> next;
};

}  // namespace roomcast::log
