#pragma once

#include "roomcast/connection/response.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/task.hpp"
#include "roomcast/server/api_keys.hpp"
#include "roomcast/server/exchange.hpp"
#include "roomcast/server/request_reader.hpp"

#include <boost/beast/http/verb.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace roomcast::server {

/// What is answered at a port: everything, or, where there are two, at each its own.
enum class door : std::uint8_t { whole, chat, admin };

/// A port's door, and who may use the API; where `keys` is null there is no API.
struct site {
  door at = door::whole;
  const api_keys* keys = nullptr;
};

/// Who may ask for what a route answers; all but the first only where there is an API.
enum class audience : std::uint8_t { everybody, everybody_with_api, key_holders };

/// At which doors it is answered, besides `door::whole`.
enum class doors : std::uint8_t { both, chat, admin };

struct route {
  http::verb method;      ///< GET stands for HEAD, too
  std::string_view path;  ///< {part} is any part that is not empty
  audience who;
  doors where;
  task<response> (*handler)(const exchange&);
};

/// All of them, but for the chat's own path.
std::span<const route> routes() noexcept;

/// Answers a request that begins no session. On lane `home`.
task<response> answer(const request& r, lane& home, site s);

}  // namespace roomcast::server
