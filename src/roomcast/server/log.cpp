#include "roomcast/server/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <new>

namespace roomcast::server {
namespace {

spdlog::logger& logger() {
  static const auto instance = spdlog::stderr_logger_mt("roomcast");
  return *instance;
}

log_format format = log_format::text;

spdlog::level::level_enum to_spdlog(log_level level) {
  switch (level) {
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void set_log_level(log_level level) { logger().set_level(to_spdlog(level)); }

void set_log_format(log_format wanted) {
  format = wanted;
  if (format == log_format::json) logger().set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
}

void log(log_level level, std::string_view line) {
  if (logger().should_log(to_spdlog(level))) logger().log(to_spdlog(level), log_text(line, format));
}

void log_access(const access_record& a) {
  if (!logger().should_log(spdlog::level::info)) return;
  try {
    logger().info(log_text(a, format));
  } catch (const std::bad_alloc&) {  // one line less
  }
}

void flush_log() { logger().flush(); }

}  // namespace roomcast::server
