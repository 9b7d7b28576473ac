#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/wire/json_protocol.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace roomcast {

/// What a JSON member has said and not met in its room's log yet: a member meets its own messages in the order in which it said
/// them, and so learns which number each has got. Lane only.
class acknowledgements {
 public:
  /// A message is on its way; with `ref`, it is to be acknowledged.
  void expect(std::optional<std::string> ref) { said_.push_back(std::move(ref)); }

  /// The frames that acknowledge what connection `number` has said in `b`, or say that it is lost.
  std::string of(const log::batch& b, std::uint64_t number) {
    std::string frames;
    for (const log::entry& e : b.entries) {
      if (said_.empty()) break;
      if (e.notice || b.speakers[e.speaker].number != number) continue;
      if (b.failure)
        frames += wire::json::make_error({.ref = std::move(said_.front()), .code = "not_stored", .message = "it cannot be stored: " + b.failure.message()});
      else if (said_.front())
        frames += wire::json::make_ack(*said_.front(), b.seq_of(e));
      said_.pop_front();
    }
    return frames;
  }

 private:
  std::deque<std::optional<std::string>> said_;
};

}  // namespace roomcast
