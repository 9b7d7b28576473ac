#include "roomcast/room/publication.hpp"

#include "roomcast/name.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/room.hpp"
#include "roomcast/utf8.hpp"

#include <utility>

namespace roomcast {

void publish(lane& home, std::string_view room_name, std::string_view text, std::function<void(error_code, receipt)> done) {
  if (home.draining()) return done(error::stopped, {});
  if (!is_room_name(room_name)) return done(error::bad_room, {});
  if (text.size() > home.config().max_message_size) return done(error::too_large, {});
  if (!is_utf8(text)) return done(error::not_utf8, {});
  if (home.shared().is_overloaded()) {
    ++home.count().refused_messages;
    return done(error::overloaded, {});
  }
  room* const r = home.rooms().open(room_name);
  if (!r) return done(error::too_many_rooms, {});
  const auto seq = r->order({.name = home.config().publisher}, {.bytes = text});
  r->when_visible([done = std::move(done), got = receipt{.seq = seq, .recipients = r->size()}](error_code ec) { done(ec, ec ? receipt{} : got); });
}

}  // namespace roomcast
