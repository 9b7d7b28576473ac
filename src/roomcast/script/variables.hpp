#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::script {

using variables = std::map<std::string, std::string>;

/// `$name` in `text` replaced by its value, and `$$` by a dollar; nothing where a name has no value yet, which `unknown` then
/// is.
std::optional<std::string> substitute(std::string_view text, const variables& known, std::string& unknown);

}  // namespace roomcast::script
