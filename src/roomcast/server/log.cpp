#include "roomcast/server/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace roomcast::server {
namespace {

spdlog::logger& logger() {
  static const auto instance = spdlog::stderr_logger_mt("roomcast");
  return *instance;
}

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

void log(log_level level, std::string_view line) { logger().log(to_spdlog(level), line); }

void flush_log() { logger().flush(); }

}  // namespace roomcast::server
