#pragma once

#include "roomcast/log/history.hpp"
#include "roomcast/log/store.hpp"
#include "roomcast/wire/encoding.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roomcast {

class lane;

/// Who has a name in a room.
struct place {
  std::size_t reservations = 0;  ///< that refer to it: where somebody has come back for the name, more than one
  std::uint64_t number = 0;  ///< of the connection that has it; 0 for none
  lane* where = nullptr;     ///< whose it is
  std::uint64_t id = 0;
  bool present = false;  ///< it has joined, and whoever is told of joins has been told
};

/// A room's names: of members, and of those who are about to be.
using places = std::unordered_map<std::string, place>;

/// Who asks for a place.
struct applicant {
  std::string_view name;  ///< empty for the next free of user0, user1, …
  std::string_view key;   ///< of a welcome, of one who comes back for its name; see `return_keys`
  std::uint64_t number = 0;
  lane* where = nullptr;
};

/// Messages of a room's that were read from the store, as they are not in memory any more.
struct recollection {
  std::vector<std::shared_ptr<const log::batch>> batches;  ///< oldest first
  std::uint64_t begin = 0;  ///< the sequence number before the first, …
  std::uint64_t end = 0;    ///< … and up to where there are all
};

/// What a newcomer wants to be sent first.
struct wish {
  wire::encoding form = wire::encoding::text;
  std::optional<std::uint64_t> since;  ///< all after this message, of `epoch`
  std::string epoch;  ///< empty, of one who reads events, for whatever epoch there is
  std::size_t history = 0;  ///< so many of the last messages, where `since` is not given
  std::optional<recollection> recalled = {};
};

/// Where in its room's log a newcomer begins, and what it is told of the room.
struct beginning {
  std::uint64_t position = 0;  ///< of the first entry that it is sent, besides what is replayed
  std::uint64_t live = 0;      ///< of the first after its joining
  log::replay replay;          ///< what it is sent of what is visible already
  std::uint64_t seq = 0;  ///< of the last message that is ordered
  std::string epoch;
  std::size_t members = 0;  ///< with itself
  bool recovered = false;   ///< it gets all that it asked for by `wish::since`
};

/// It has to be read before: a newcomer wants it, and it is in the store only.
using missing = log::store::range;

}  // namespace roomcast
