#pragma once

#include "roomcast/connection/connection.hpp"
#include "roomcast/room/task.hpp"
#include "roomcast/server/routes.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace roomcast::server {

/// One connection from its first request to its end: HTTP answers, one after another, until it ends or, unless it is at the
/// admin's door, becomes a member of the chat. On the connection's lane.
task<> serve_http(std::shared_ptr<connection> peer, std::chrono::milliseconds handshake_timeout, site s = {});

/// One connection too many: answered with `status`, and why.
task<> refuse_http(std::shared_ptr<connection> peer, std::chrono::milliseconds handshake_timeout, unsigned status, std::string_view why);

}  // namespace roomcast::server
