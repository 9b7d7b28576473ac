#pragma once

#include "roomcast/connection/response.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/task.hpp"
#include "roomcast/server/request_reader.hpp"

namespace roomcast::server {

/// Answers a request that is not for the chat's path. On lane `home`.
task<response> answer(const request& r, lane& home);

}  // namespace roomcast::server
