#pragma once

#include "roomcast/connection/connection.hpp"
#include "roomcast/connection/handshake.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace roomcast {

/// Tells `options::access` that a request of `peer` was answered with `status`; `request` is null where it could not be read.
void log_answer(const connection& peer, const request_header* request, unsigned status);

/// A member's time in its room: what is counted and told when it is over.
class stay {
 public:
  /// `status` is that of its answer.
  stay(const connection& peer, const request_header& request, unsigned status, std::string_view room, std::string_view name);
  stay(const stay&) = delete;
  stay& operator=(const stay&) = delete;
  ~stay();

 private:
  // Only where somebody is told.
  struct details {
    std::string from, path, room, name;
    timer_wheel::time_point began;
  };

  const connection& peer_;
  const unsigned status_;
  std::unique_ptr<const details> details_;
};

}  // namespace roomcast
