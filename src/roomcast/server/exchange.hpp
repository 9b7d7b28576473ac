#pragma once

#include "roomcast/room/lane.hpp"
#include "roomcast/server/request_reader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace roomcast::server {

/// A request that is to be answered.
struct exchange {
  const request& asked;
  lane& home;  ///< its connection's
  std::string_view query;
  std::vector<std::string> parts;  ///< what stands in its path for the {parts} of the route's, decoded
};

}  // namespace roomcast::server
