#include "roomcast/wire/event_stream.hpp"

#include "roomcast/wire/json_protocol.hpp"

#include <fmt/format.h>

namespace roomcast::wire::events {

void append_message(std::pmr::string& out, const message& m) {
  if (m.binary) return;
  const fmt::format_int seq{m.seq};
  out += "id: ";
  out += std::string_view{seq.data(), seq.size()};
  out += "\ndata: ";
  json::append_message_object(out, m);
  out += "\n\n";
}

std::string make_welcome(const welcome& w) {
  return fmt::format("id: {}\nevent: welcome\ndata: {{\"type\":\"welcome\",\"room\":\"{}\",\"epoch\":\"{}\",\"seq\":{},\"recovered\":{},\"members\":{}}}\n\n",
                     w.since, w.room, w.epoch, w.seq, w.recovered, w.members);
}

std::string make_gap(std::uint64_t from, std::uint64_t to) {
  return fmt::format("event: gap\ndata: {{\"type\":\"gap\",\"from\":{},\"to\":{}}}\n\n", from, to);
}

std::string make_goodbye(std::string_view reason, std::chrono::milliseconds retry_after) {
  return fmt::format("retry: {0}\nevent: goodbye\ndata: {{\"type\":\"goodbye\",\"reason\":\"{1}\",\"retry_after_ms\":{0}}}\n\n",
                     retry_after.count(), reason);
}

}  // namespace roomcast::wire::events
