#pragma once

#include "roomcast/connection/connection.hpp"
#include "roomcast/connection/websocket.hpp"
#include "roomcast/room/task.hpp"

#include <memory>

namespace roomcast {

/// One connection's life from its upgrade request to its end: refused, or a member until it leaves. Bytes that came after
/// the request are in the connection's inbox. On the connection's lane.
task<> run_session(std::shared_ptr<connection> peer, std::unique_ptr<upgrade_request> request);

}  // namespace roomcast
