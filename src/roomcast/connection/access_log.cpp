#include "roomcast/connection/access_log.hpp"

#include <chrono>
#include <cstdint>

namespace roomcast {
namespace {

std::string_view path_of(const request_header& r) {
  const std::string_view target{r.target().data(), r.target().size()};
  return target.substr(0, target.find('?'));
}

}  // namespace

void log_answer(const connection& peer, const request_header* request, unsigned status) {
  const auto& tell = peer.home().config().access;
  if (!tell) return;
  const auto from = peer.address();
  access_record a{.from = from, .method = {}, .path = {}, .status = status};
  if (request) {
    const auto method = request->method_string();
    a.method = {method.data(), method.size()};
    a.path = path_of(*request);
  }
  tell(a);
}

stay::stay(const connection& peer, const request_header& request, unsigned status, std::string_view room, std::string_view name)
    : peer_(peer), status_(status) {
  if (!peer.home().config().access) return;
  details_ = std::make_unique<const details>(details{peer.address(), std::string{path_of(request)}, std::string{room}, std::string{name}, peer.home().now()});
}

stay::~stay() {
  lane& home = peer_.home();
  const bool is_websocket = status_ == 101;
  if (is_websocket) home.count().closes.add(peer_.close_code());
  if (!details_) return;
  const auto& d = *details_;
  home.config().access({.from = d.from,
                        .method = "GET",
                        .path = d.path,
                        .status = status_,
                        .room = d.room,
                        .name = d.name,
                        .close_code = is_websocket ? peer_.close_code() : std::uint16_t{0},
                        .duration = std::chrono::duration_cast<std::chrono::milliseconds>(home.now() - d.began)});
}

}  // namespace roomcast
