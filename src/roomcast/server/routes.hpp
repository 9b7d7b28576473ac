#pragma once

#include "roomcast/connection/response.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/server/request_reader.hpp"

namespace roomcast::server {

/// Answers a request that is not for the chat's path.
response answer(const request& r, const lane& home);

}  // namespace roomcast::server
