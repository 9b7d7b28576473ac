#include "roomcast/log/encoder.hpp"

#include "roomcast/wire/event_stream.hpp"
#include "roomcast/wire/json_protocol.hpp"

namespace roomcast::log {

std::shared_ptr<batch> encoder::make(std::uint64_t at, std::uint64_t seq, std::chrono::system_clock::time_point time, wire::encoding_set forms) const {
  auto made = std::allocate_shared<batch>(std::pmr::polymorphic_allocator<batch>{memory_}, memory_, at, seq, time);
  made->written = forms;
  return made;
}

bool encoder::fits(const batch& b, const wire::message& m) noexcept {
  constexpr std::chrono::hours longest{24};
  constexpr std::uint64_t most = std::uint64_t{1} << 31;
  return m.time >= b.time && m.time - b.time < longest && m.seq - b.seq_base < most;
}

void encoder::add(batch& b, const wire::message& m) const {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(m.time - b.time).count();
  const entry fresh{.seq = static_cast<std::uint32_t>(m.seq - b.seq_base),
                    .time = static_cast<std::uint32_t>(time),
                    .binary = m.binary,
                    .echo = m.echo};
  add(b, fresh, [&] {
    entry& added = b.entries.back();
    if (b.speakers.empty() || b.speakers.back().number != m.sender || b.speakers.back().id != m.id) {
      b.speakers.push_back({.number = m.sender,
                            .id = m.id,
                            .name = static_cast<std::uint32_t>(b.names.size()),
                            .name_size = static_cast<std::uint32_t>(m.name.size())});
      b.names += m.name;
    }
    added.speaker = static_cast<std::uint32_t>(b.speakers.size() - 1);
    added.text = static_cast<std::uint32_t>(format_.append_frame(b.in(wire::encoding::text), m));
    added.text_size = static_cast<std::uint32_t>(m.text.size());
    for (const auto form : {wire::encoding::json, wire::encoding::events})
      if (b.written.has(form)) append(b.in(form), m, form);
    ++b.messages;
    b.plain_echo = b.plain_echo && m.echo;
  });
}

// Plain text is written where the text's place in it is noted.
void encoder::append(std::pmr::string& out, const wire::message& m, wire::encoding form) {
  if (form == wire::encoding::json)
    wire::json::append_message(out, m);
  else
    wire::events::append_message(out, m);
}

void encoder::write(batch& b, wire::encoding form) const {
  const auto which = static_cast<std::size_t>(form);
  auto& bytes = b.in(form);
  bytes.clear();  // memory may have run out half-way, the last time
  for (std::size_t i = 0; i < b.entries.size(); ++i) {
    if (!b.entries[i].notice) {
      auto m = b.message(i);
      m.room = room_;
      append(bytes, m, form);
    }
    b.entries[i].end[which] = static_cast<std::uint32_t>(bytes.size());
  }
  b.written.add(form);
}

std::shared_ptr<batch> encoder::copy_in_form(const batch& b, wire::encoding form) const {
  auto copy = make(b.begin, b.seq_base, b.time, b.written);
  copy->bytes = b.bytes;
  copy->names = b.names;
  copy->speakers = b.speakers;
  copy->entries = b.entries;
  copy->messages = b.messages;
  copy->plain_echo = b.plain_echo;
  write(*copy, form);
  return copy;
}

}  // namespace roomcast::log
