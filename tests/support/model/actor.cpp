#include "actor.hpp"

#include "roomcast/wire/frame.hpp"

#include <fmt/format.h>

#include <charconv>
#include <span>

namespace roomcast::test::model {

// what it does

void actor::write(std::string& bytes, std::string_view text, dice& d) {
  unsigned opcode = text.starts_with(binary_mark) ? 0x02 : 0x01;
  for (std::size_t cuts = d.once_in(3) ? d.below(4) : 0; cuts != 0; --cuts) {
    const std::size_t size = d.below(text.size() + 1);
    bytes += masked(std::exchange(opcode, 0x00u), text.substr(0, size));
    text.remove_prefix(size);
    if (d.once_in(2)) ping(bytes);
  }
  bytes += masked(0x80 | opcode, text);
}

void actor::ping(std::string& bytes) { bytes += masked(0x89, std::to_string(++pings_)); }

void actor::keep(std::string& bytes, std::size_t sent, std::string text) {
  unsent_ = bytes.substr(sent);
  unsent_text_ = std::move(text);
  bytes.resize(sent);
}

void actor::queue(std::string_view bytes, time now) {
  link_.queue(bytes);
  reader_.speaks(now);
  if (unsent_.empty() && reader_.is_member()) finished_pings_ = pings_;
}

void actor::answer(time now) {
  queue(masked(0x8a, {}), now);
  is_pinged_ = false;
}

void actor::close(unsigned code, time now) {
  queue(masked(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + "bye"), now);
  reader_.closes(code);
}

void actor::end() {
  has_ended_ = true;
  reader_.ends();
  link_.end();
}

void actor::reset() {
  has_ended_ = true;
  reader_.resets();
  link_.reset();
}

void actor::stall(std::size_t window) {
  is_free_ = false;
  link_.set_window(window);
}

void actor::take() {
  seen_ = 0;
  link_.take();
}

void actor::resume() {
  is_free_ = true;
  link_.set_window(static_cast<std::size_t>(-1));
}

// what comes to it

void actor::listen(time now) {
  const auto fresh = std::string_view{link_.pipe().from_server}.substr(seen_);
  if (fresh.empty()) return;
  reader_.progresses(now);
  unread_ += fresh;
  seen_ += fresh.size();
  read(now);
  if (is_free_) take();
}

void actor::read(time now) {
  std::string_view rest = unread_;
  while (const auto header = wire::parse_header(std::as_bytes(std::span{rest}))) {
    const auto size = static_cast<std::size_t>(header->payload);
    if (!header->fin || header->masked || header->reserved != 0 || header->size != wire::header_size(size))
      throw contradiction(fmt::format("{} is sent a frame that is none", reader_.id()));
    if (rest.size() < header->size + size) break;
    const auto payload = rest.substr(header->size, size);
    rest.remove_prefix(header->size + size);
    switch (header->op) {
      case wire::opcode::text:
      case wire::opcode::binary:
        if ((header->op == wire::opcode::binary) != payload.starts_with(binary_mark))
          throw contradiction(fmt::format("{} is sent a message of the wrong kind", reader_.id()));
        reader_.hears(payload);
        break;
      case wire::opcode::ping: is_pinged_ = true; break;
      case wire::opcode::pong: hears_pong(payload); break;
      case wire::opcode::close:
        if (size < 2) throw contradiction(fmt::format("{} is sent a Close without a code", reader_.id()));
        reader_.hears_close(static_cast<unsigned>(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1])), now);
        break;
      default: throw contradiction(fmt::format("{} is sent a frame of opcode {}", reader_.id(), static_cast<int>(header->op)));
    }
  }
  unread_.erase(0, unread_.size() - rest.size());
}

void actor::hears_pong(std::string_view payload) {
  unsigned number = 0;
  std::from_chars(payload.data(), payload.data() + payload.size(), number);
  if (number <= pongs_ || number > pings_ || reader_.is_closed())
    throw contradiction(fmt::format("{} is sent the pong \"{}\" after {}", reader_.id(), payload, pongs_));
  pongs_ = number;
}

void actor::settles(bool is_member, time now) {
  const auto& pipe = link_.pipe();
  const bool has_space = pipe.from_server.size() < pipe.window;
  reader_.settles({.is_member = is_member, .has_ended = pipe.server_ended, .is_gone = is_gone(), .has_space = has_space},
                  unread_.empty(), now);
  if (is_member && has_space && pongs_ < finished_pings_)
    throw contradiction(fmt::format("{} has no answer to ping {}", reader_.id(), finished_pings_));
}

}  // namespace roomcast::test::model
