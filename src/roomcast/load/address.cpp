#include "roomcast/load/address.hpp"

#include <fmt/format.h>

#include <netdb.h>

#include <cstring>

namespace roomcast::load {

std::vector<address> resolve(const client::url& where, std::string& fault) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &list); error != 0) {
    fault = fmt::format("cannot find {}: {}", where.host, ::gai_strerror(error));
    return {};
  }
  std::vector<address> found;
  for (const auto* each = list; each != nullptr; each = each->ai_next) {
    auto& a = found.emplace_back();
    std::memcpy(&a.name, each->ai_addr, each->ai_addrlen);
    a.size = each->ai_addrlen;
  }
  ::freeaddrinfo(list);
  return found;
}

}  // namespace roomcast::load
