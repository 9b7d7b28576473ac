#pragma once

#include "roomcast/connection/connection.hpp"
#include "roomcast/payload.hpp"
#include "roomcast/room/membership.hpp"
#include "roomcast/room/task.hpp"
#include "roomcast/wire/json_protocol.hpp"

#include <string>
#include <string_view>

namespace roomcast {

/// A member's side of the subprotocol roomcast.v1, but for the messages themselves. On the member's lane; outlived by both.
class json_session {
 public:
  /// So many frames on end that are no commands end the connection.
  static constexpr int patience = 10;

  json_session(connection& peer, membership& m) noexcept : peer_(peer), member_(m) {}

  /// The frame that tells the member who it is, and where in its room's log it begins.
  std::string welcome(const beginning& b) const;

  /// What a text frame, which is UTF-8, asks for. A message is the caller's to pass on.
  wire::json::command read(std::string_view frame) { return wire::json::parse(frame); }

  /// A message is about to be passed on.
  void says(const wire::json::say& s);

  /// Answers whatever is no message.
  task<> answer(wire::json::command asked);

 private:
  template <class Ask>
  task<> answer_from_home(Ask ask);
  task<> tell_stored_history(wire::json::history_request asked);
  void refuse(const wire::json::fault& f);

  connection& peer_;
  membership& member_;
  int faults_ = 0;  // on end
};

}  // namespace roomcast
