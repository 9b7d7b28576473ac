#pragma once

#include "roomcast/load/result.hpp"

#include <string>

namespace roomcast::load {

/// The result for people: a few lines, the errors last.
std::string to_table(const result& r);

/// The result for programs: one JSON object on one line. What was not measured is null.
std::string to_json(const result& r);

}  // namespace roomcast::load
