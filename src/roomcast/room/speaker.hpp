#pragma once

#include <cstdint>
#include <string_view>

namespace roomcast {

/// Who says something; all zeros for one who is no member.
struct speaker {
  std::uint64_t number = 0;  ///< of its connection
  std::uint64_t id = 0;
  std::string_view name;
};

}  // namespace roomcast
