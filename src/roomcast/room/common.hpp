#pragma once

#include "roomcast/memory_budget.hpp"
#include "roomcast/options.hpp"
#include "roomcast/wire/text_format.hpp"

#include <atomic>
#include <cstdint>
#include <string_view>

namespace roomcast {

/// What all lanes of a chat share. Any thread.
struct common {
  /// Throws `option_error`.
  explicit common(options o);

  void log(log_level level, std::string_view line) const {
    if (opts.log) opts.log(level, line);
  }

  const options opts;
  const wire::text_format format;
  memory_budget memory;
  std::atomic<std::uint64_t> next_user{0};       ///< for the names user0, user1, …
  std::atomic<std::uint64_t> next_connection{1};  ///< ids; 0 is nobody
};

}  // namespace roomcast
