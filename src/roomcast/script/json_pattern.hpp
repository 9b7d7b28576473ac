#pragma once

#include "roomcast/script/variables.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace roomcast::script {

/// Whether `text` is JSON that has all that `pattern` has: each member of an object, each element of an array, equal values.
/// A `$name` in the pattern, in place of a value, takes the value of that variable, or gives it one. Answers what is wrong, or
/// nothing, with the variables set.
std::optional<std::string> match_json(std::string_view pattern, std::string_view text, variables& known);

}  // namespace roomcast::script
