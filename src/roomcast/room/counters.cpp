#include "roomcast/room/counters.hpp"

namespace roomcast {

constexpr std::array<counter_field, 43> counter_fields{{
    {"connections", &counters::connections, true},
    {"sessions", &counters::sessions, true},
    {"members", &counters::members, true},
    {"rooms", &counters::rooms, true},
    {"joins", &counters::joins},
    {"leaves", &counters::leaves},
    {"messages_in", &counters::messages_in},
    {"bytes_in", &counters::bytes_in},
    {"batches", &counters::batches},
    {"sends", &counters::sends},
    {"bytes_out", &counters::bytes_out},
    {"resumed", &counters::resumed},
    {"not_resumed", &counters::not_resumed},
    {"stored", &counters::stored},
    {"not_stored", &counters::not_stored},
    {"refused_messages", &counters::refused_messages},
    {"refused_handshakes", &counters::refused_handshakes},
    {"refused_origins", &counters::refused_origins},
    {"refused_names", &counters::refused_names},
    {"refused_rooms", &counters::refused_rooms},
    {"refused_members", &counters::refused_members},
    {"refused_handshake_rate", &counters::refused_handshake_rate},
    {"refused_memory", &counters::refused_memory},
    {"refused_requests", &counters::refused_requests},
    {"refused_connections", &counters::refused_connections},
    {"refused_per_ip", &counters::refused_per_ip},
    {"accept_pauses", &counters::accept_pauses},
    {"closed_protocol", &counters::closed_protocol},
    {"closed_binary", &counters::closed_binary},
    {"closed_invalid_text", &counters::closed_invalid_text},
    {"closed_too_large", &counters::closed_too_large},
    {"closed_fragments", &counters::closed_fragments},
    {"closed_control_rate", &counters::closed_control_rate},
    {"closed_rate", &counters::closed_rate},
    {"held_back", &counters::held_back},
    {"request_timeouts", &counters::request_timeouts},
    {"message_timeouts", &counters::message_timeouts},
    {"pong_timeouts", &counters::pong_timeouts},
    {"send_timeouts", &counters::send_timeouts},
    {"close_timeouts", &counters::close_timeouts},
    {"slow_readers_closed", &counters::slow_readers_closed},
    {"slow_readers_skipped", &counters::slow_readers_skipped},
    {"shed", &counters::shed},
}};

static_assert(sizeof(counters) == counter_fields.size() * sizeof(std::uint64_t), "each counter has its entry");

counters& counters::operator+=(const counters& other) noexcept {
  for (const auto& field : counter_fields) this->*field.value += other.*field.value;
  return *this;
}

}  // namespace roomcast
