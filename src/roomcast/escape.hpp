#pragma once

#include <string>
#include <string_view>

namespace roomcast {

/// `text` as it can be shown on a terminal or in a log: control and invisible characters, and bytes that are not UTF-8, as
/// `\xHH`, byte by byte; a backslash as two.
std::string escape(std::string_view text);

}  // namespace roomcast
