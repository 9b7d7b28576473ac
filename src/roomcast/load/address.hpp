#pragma once

#include "roomcast/client/url.hpp"

#include <sys/socket.h>

#include <string>
#include <vector>

namespace roomcast::load {

/// Where to connect to.
struct address {
  sockaddr_storage name{};
  socklen_t size = 0;
};

/// All that the URL's host stands for, in the order to try them; none where there is none, and `fault` says why. Blocks.
std::vector<address> resolve(const client::url& where, std::string& fault);

}  // namespace roomcast::load
