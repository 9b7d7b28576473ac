#pragma once

#include "roomcast/options.hpp"

#include <string_view>

namespace roomcast::server {

/// Logs to stderr, from `level` on. Any thread.
void set_log_level(log_level level);
void log(log_level level, std::string_view line);
void flush_log();

}  // namespace roomcast::server
