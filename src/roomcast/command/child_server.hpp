#pragma once

#include "roomcast/script/runner.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace roomcast::command {

/// A server of this same program in a process of its own, on a free port of the loopback address. Ended with its owner.
class child_server final : public script::server_control {
 public:
  /// Throws `std::runtime_error` where it does not come to listen.
  explicit child_server(const std::vector<std::string>& options);
  child_server(const child_server&) = delete;
  child_server& operator=(const child_server&) = delete;
  ~child_server() override;

  std::uint16_t port() const noexcept { return port_; }

  void stop() override;
  std::optional<int> status() override;

  /// Stops it, if that was not done, and waits; the status, which is 128 and more where a signal ended it.
  int end();

 private:
  pid_t pid_ = 0;
  std::uint16_t port_ = 0;
  std::optional<int> status_;
};

}  // namespace roomcast::command
