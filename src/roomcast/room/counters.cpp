#include "roomcast/room/counters.hpp"

namespace roomcast {

constexpr std::array<counter_field, 48> counter_fields{{
    {"connections", &counters::connections, "TCP connections.", {}, true},
    {"sessions", &counters::sessions, "Connections that are members, about to be, or leaving.", {}, true},
    {"members", &counters::members, "Members of rooms.", {}, true},
    {"rooms", &counters::rooms, "Rooms with members, or that remember something.", {}, true},
    {"remembered_messages", &counters::remembered_messages, "Messages that rooms remember.", {}, true},
    {"remembered_bytes", &counters::remembered_bytes, "Memory that the remembered messages take up.", {}, true},
    {"joins_total", &counters::joins, "Members that joined."},
    {"leaves_total", &counters::leaves, "Members that left."},
    {"resumptions_total", &counters::resumed, "Members that came back, by whether they could be sent what they had missed.", R"(recovered="true")"},
    {"resumptions_total", &counters::not_resumed, {}, R"(recovered="false")"},
    {"stored_total", &counters::stored, "Messages that were stored."},
    {"not_stored_total", &counters::not_stored, "Messages that could not be stored; their senders were told."},
    {"refused_messages_total", &counters::refused_messages, "Messages that were not taken, as too many waited to be stored."},
    {"messages_in_total", &counters::messages_in, "Messages from members."},
    {"messages_out_total", &counters::messages_out, "Messages to members, each counted once for each member of its room."},
    {"received_bytes_total", &counters::bytes_in, "Bytes from connections."},
    {"sent_bytes_total", &counters::bytes_out, "Bytes to connections."},
    {"batches_total", &counters::batches, "Batches of messages that rooms have sent."},
    {"deliveries_total", &counters::deliveries, "Batches to members, each counted once for each member of its room."},
    {"sends_total", &counters::sends, "Calls of send."},
    {"refused_total", &counters::refused_handshakes, "Connections and requests that were refused, by why.", R"(reason="handshake")"},
    {"refused_total", &counters::refused_origins, {}, R"(reason="origin")"},
    {"refused_total", &counters::refused_names, {}, R"(reason="name")"},
    {"refused_total", &counters::refused_rooms, {}, R"(reason="rooms")"},
    {"refused_total", &counters::refused_members, {}, R"(reason="members")"},
    {"refused_total", &counters::refused_handshake_rate, {}, R"(reason="handshake_rate")"},
    {"refused_total", &counters::refused_memory, {}, R"(reason="memory")"},
    {"refused_total", &counters::refused_stopping, {}, R"(reason="stopping")"},
    {"refused_total", &counters::refused_requests, {}, R"(reason="request")"},
    {"refused_total", &counters::refused_connections, {}, R"(reason="connections")"},
    {"refused_total", &counters::refused_per_ip, {}, R"(reason="connections_per_ip")"},
    {"violations_total", &counters::closed_protocol, "Members that were closed for what they sent, by what was wrong.", R"(kind="protocol")"},
    {"violations_total", &counters::closed_binary, {}, R"(kind="binary")"},
    {"violations_total", &counters::closed_invalid_text, {}, R"(kind="invalid_text")"},
    {"violations_total", &counters::closed_too_large, {}, R"(kind="too_large")"},
    {"violations_total", &counters::closed_fragments, {}, R"(kind="fragments")"},
    {"violations_total", &counters::closed_control_rate, {}, R"(kind="control_rate")"},
    {"violations_total", &counters::closed_rate, {}, R"(kind="rate")"},
    {"timeouts_total", &counters::request_timeouts, "Connections that were ended as something took too long, by what.", R"(kind="request")"},
    {"timeouts_total", &counters::message_timeouts, {}, R"(kind="message")"},
    {"timeouts_total", &counters::pong_timeouts, {}, R"(kind="pong")"},
    {"timeouts_total", &counters::send_timeouts, {}, R"(kind="send")"},
    {"timeouts_total", &counters::close_timeouts, {}, R"(kind="close")"},
    {"slow_readers_total", &counters::slow_readers_closed, "Members that fell too far behind, by what became of them.", R"(action="close")"},
    {"slow_readers_total", &counters::slow_readers_skipped, {}, R"(action="skip")"},
    {"shed_total", &counters::shed, "Members that were parted from, or had to skip, as memory was short."},
    {"held_back_total", &counters::held_back, "Times that a member was over its rate, and not read from."},
    {"accept_pauses_total", &counters::accept_pauses, "Times that accepting paused, for want of descriptors or memory."},
}};

static_assert(sizeof(counters) == counter_fields.size() * sizeof(std::uint64_t) + sizeof(counters::closes) + sizeof(counters::batch_messages) +
                                      sizeof(counters::lag) + sizeof(counters::fan_out),
              "each counter has its entry");

counters& counters::operator+=(const counters& other) noexcept {
  for (const auto& field : counter_fields) this->*field.value += other.*field.value;
  closes += other.closes;
  batch_messages += other.batch_messages;
  lag += other.lag;
  fan_out += other.fan_out;
  return *this;
}

}  // namespace roomcast
