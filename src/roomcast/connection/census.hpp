#pragma once

#include "roomcast/connection/transport.hpp"
#include "roomcast/wire/encoding.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace roomcast {

class lane;

/// What is known of a member's connection.
struct connection_figures {
  std::uint64_t id = 0;
  std::string room, name;
  std::string address;  ///< empty where its transport has none
  wire::encoding form{};
  std::chrono::milliseconds age{0};
  std::uint64_t lag_bytes = 0;             ///< as `options::max_lag` counts
  std::chrono::milliseconds waiting{0};    ///< for how long it has taken none of what waits for it
  std::uint64_t received_bytes = 0, sent_bytes = 0;
  std::optional<transport::path> way;
};

/// Those of a lane's members that lag the most.
struct census {
  std::vector<connection_figures> most_lagging;  ///< those first that lag the most, then those that have waited the longest
  std::size_t members = 0;                       ///< in all
};

/// `limit` of the members of `here` at the most. Takes a time in proportion to how many members there are. On lane `here`.
census count_members(lane& here, std::size_t limit);

/// The order of `census::most_lagging`.
bool lags_more(const connection_figures& a, const connection_figures& b) noexcept;

}  // namespace roomcast
