#pragma once

#include "roomcast/options.hpp"
#include "roomcast/server/log_line.hpp"

#include <string_view>

namespace roomcast::server {

/// How the log is written. Before there is another thread.
void set_log_format(log_format format);

/// Logs to stderr, from `level` on. Any thread, as all that follows.
void set_log_level(log_level level);
void log(log_level level, std::string_view line);

/// A line at level info.
void log_access(const access_record& a);

void flush_log();

}  // namespace roomcast::server
