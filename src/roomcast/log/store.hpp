#pragma once

#include "roomcast/error.hpp"
#include "roomcast/log/batch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::log {

/// A message as it was stored.
struct record {
  std::uint64_t seq = 0;
  std::uint64_t sender = 0;  ///< its sender's id; 0 for one who is no member
  std::string name;
  std::string text;
  bool binary = false;
  std::chrono::system_clock::time_point time;  ///< in milliseconds
};

/// Where the rooms' messages are kept, so that they outlive the process.
///
/// The functions may be called from any thread, and never wait for the disk. What is told later is told on a thread of the
/// store's: it must not throw, and should be brief. Each room has one caller at a time, which goes on where `open` says. A store
/// that ends first does all that it was asked to.
class store {
 public:
  virtual ~store() = default;

  struct standing {
    std::string epoch;      ///< differs if the room's messages are counted from the beginning again
    std::uint64_t seq = 0;  ///< of the last message that was appended
  };

  /// Where `room` stands. One in which nothing was said begins with an epoch of its own, and 0.
  virtual standing open(std::string_view room) = 0;

  using stored = std::function<void(error_code)>;

  /// Stores the messages of `b`, and tells whether they are safe; the store has let go of `b` by then. A room's batches are
  /// stored in the order in which they are appended. Where one cannot be, those of the room that wait behind it are not stored
  /// either: their sequence numbers are not used again.
  virtual void append(std::string_view room, std::shared_ptr<const batch> b, stored done) = 0;

  /// Of a room's messages the newest, or the oldest, of those between `after` and `before`, which are not among them.
  struct range {
    std::uint64_t after = 0;
    std::uint64_t before = UINT64_MAX;
    std::size_t limit = 0;      ///< messages
    std::size_t max_bytes = 0;  ///< of the records, in memory; the first that is looked at is given whatever its size
    bool binary = true;         ///< binary ones, too
    bool oldest_first = false;  ///< the oldest
  };

  struct excerpt {
    std::vector<record> records;  ///< in ascending order
    bool complete = false;        ///< they are all that is stored of the range
    bool whole = false;           ///< nor was anything that has been given up since
  };

  using found = std::function<void(error_code, excerpt)>;

  /// Gives what is stored of `r`. A batch that is told to be stored is found.
  virtual void read(std::string_view room, const range& r, found done) = 0;

  /// Whether so much waits for the disk that senders should be refused.
  virtual bool is_overloaded() const noexcept = 0;

  /// The largest id of a sender that is stored.
  virtual std::uint64_t last_sender() const noexcept = 0;
};

}  // namespace roomcast::log
