#pragma once

#include "roomcast/room/place.hpp"
#include "roomcast/room/task.hpp"

#include <string_view>

namespace roomcast {

class lane;

/// Reads what is `wanted` of room `room` from the store, for `w.recalled`, on lane `here`. What is there already and does not
/// meet it any more, as too much was said meanwhile, is dropped.
task<> recall(lane& here, std::string_view room, missing wanted, wish& w);

}  // namespace roomcast
