#pragma once

#include <cstdint>

namespace roomcast::wire {

/// Why a connection is closed: RFC 6455 section 7.4.1, and the private codes of this server.
namespace close_code {
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t no_status = 1005;  // of a Close without a code; never sent
inline constexpr std::uint16_t abnormal = 1006;   // of no Close; never sent
inline constexpr std::uint16_t invalid_payload = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t service_restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;
inline constexpr std::uint16_t removed = 4001;
inline constexpr std::uint16_t displaced = 4002;
inline constexpr std::uint16_t slow_reader = 4008;
}  // namespace close_code

}  // namespace roomcast::wire
