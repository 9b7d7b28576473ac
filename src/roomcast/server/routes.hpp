#pragma once

#include "roomcast/connection/response.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/task.hpp"
#include "roomcast/server/request_reader.hpp"

namespace roomcast::server {

/// What is answered at a port: everything, or, where there are two, at each its own.
enum class door { whole, chat, admin };

/// Answers a request that begins no session. On lane `home`.
task<response> answer(const request& r, lane& home, door at);

}  // namespace roomcast::server
