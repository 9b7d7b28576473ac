#pragma once

#include "roomcast/connection/response.hpp"
#include "roomcast/room/task.hpp"
#include "roomcast/server/exchange.hpp"

// What the routes of /api answer; openapi.json describes it.

namespace roomcast::server::api {

task<response> description(const exchange& x);
task<response> list_rooms(const exchange& x);
task<response> list_members(const exchange& x);
task<response> remove_member(const exchange& x);
task<response> list_messages(const exchange& x);
task<response> publish(const exchange& x);

/// Of /debug.
task<response> list_connections(const exchange& x);

}  // namespace roomcast::server::api
