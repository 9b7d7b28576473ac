#pragma once

#include "roomcast/error.hpp"
#include "roomcast/receipt.hpp"

#include <functional>
#include <string_view>

namespace roomcast {

class lane;

/// Orders `text` in room `room`, whose home is `home`, under the name `options::publisher`. `done` is called then, or when it is
/// stored where it is to be, or at once with what is in its way. On lane `home`.
void publish(lane& home, std::string_view room, std::string_view text, std::function<void(error_code, receipt)> done);

}  // namespace roomcast
