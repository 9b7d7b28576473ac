#include "roomcast/connection/inbox.hpp"

#include <boost/assert.hpp>

#include <algorithm>
#include <cstring>
#include <limits>

namespace roomcast {
namespace {

using front = inbox::front;

// Space before what is received, for what is unread of an earlier time: at most an unfinished header or control frame, as
// payload is read as it comes.
constexpr std::size_t headroom = 256;
static_assert(headroom >= wire::max_control_frame && headroom >= wire::max_header);

// To clear a string would keep its memory.
void forget(std::pmr::string& s) noexcept {
  s.clear();
  s.shrink_to_fit();
}

constexpr unsigned last_close_code = 4999;  // RFC 6455, section 7.4.2; Beast takes those beyond, too

constexpr auto max_payload = std::numeric_limits<std::int64_t>::max();  // RFC 6455, section 5.2

// The code of a Close that is still masked; 0 where it has none.
unsigned close_code(std::span<const std::byte> payload, std::span<const std::byte, 4> mask) noexcept {
  if (payload.size() < 2) return 0;
  return std::to_integer<unsigned>(payload[0] ^ mask[0]) << 8 | std::to_integer<unsigned>(payload[1] ^ mask[1]);
}

}  // namespace

std::span<std::byte> inbox::space() {
  const auto buffer = buffers_.move_in(*this);
  const std::size_t kept = unread_.size();
  BOOST_ASSERT(kept <= headroom);
  if (kept != 0) std::memmove(buffer.data() + headroom - kept, unread_.data(), kept);
  unread_ = buffer.subspan(headroom - kept, kept);
  forget(own_);
  return buffer.subspan(headroom);
}

void inbox::append(std::string_view bytes) {
  std::pmr::string all{unread(), own_.get_allocator()};
  all += bytes;
  own_ = std::move(all);
  unread_ = std::as_writable_bytes(std::span{own_});
}

void inbox::move_out() {
  own_.assign(unread());
  unread_ = std::as_writable_bytes(std::span{own_});
}

void inbox::forget_partial() noexcept { forget(partial_); }

void inbox::release() noexcept {
  buffers_.leave(*this);
  unread_ = {};
  forget(own_);
  forget(partial_);
}

front inbox::look() {
  for (;;) {
    if (frame_left_ != 0) return unread_.empty() ? front::nothing : front::readable;
    const auto header = wire::parse_header(unread_);
    if (!header) return front::nothing;
    // What Beast refuses by its header, it is shown by its header: without a mask, or with a length that could be shorter, too.
    const bool is_exact = header->masked && header->size == wire::header_size(header->payload) + 4;
    if (!is_exact || header->reserved != 0 || !wire::is_known(header->op)) return hand_over(header->size);
    if (wire::is_control(header->op)) return look_at_control(*header);
    const bool passed_over = header->payload == 0 && !header->fin;
    const front found = look_at_data(*header);
    if (found != front::nothing || !passed_over) return found;
  }
}

front inbox::look_at_control(const wire::frame_header& header) {
  if (!header.fin || header.payload > wire::max_control_payload) return hand_over(header.size);
  const std::size_t size = header.size + static_cast<std::size_t>(header.payload);
  if (unread_.size() < size) return front::nothing;
  const auto payload = unread_.subspan(header.size, static_cast<std::size_t>(header.payload));
  const auto mask = unread_.subspan(header.size - 4u).first<4>();
  if (header.op == wire::opcode::close) return close_code(payload, mask) > last_close_code ? front::violation : hand_over(size);
  take(header);
  return header.op == wire::opcode::ping ? front::ping : front::pong;
}

front inbox::look_at_data(const wire::frame_header& header) {
  const bool continues = header.op == wire::opcode::continuation;
  if (continues != in_message_) return merged_ == wire::opcode::continuation ? hand_over(header.size) : front::violation;
  if (header.payload > std::uint64_t{max_payload}) return front::violation;
  if (header.op == wire::opcode::binary && limits_.binary == binary_policy::refuse) return front::binary;
  if (header.payload > limits_.max_message_size) return hand_over(header.size);  // Beast says 1009
  if (header.payload != 0 && unread_.size() <= header.size) return front::nothing;
  if (header.fin && !in_message_ && header.payload <= unread_.size() - header.size) {
    take(header);
    return front::message;
  }
  fragments_ = continues ? fragments_ + 1 : 1;
  if (fragments_ > limits_.max_fragments) return front::too_many_fragments;
  in_message_ = !header.fin;
  if (header.payload == 0 && !header.fin) {
    if (!continues) merged_ = header.op;
    consume(header.size);
    return front::nothing;
  }
  if (merged_ != wire::opcode::continuation) {
    unread_[0] = (unread_[0] & std::byte{0xf0}) | static_cast<std::byte>(merged_);
    merged_ = wire::opcode::continuation;
  }
  return hand_over(header.size + header.payload);
}

void inbox::take(const wire::frame_header& header) noexcept {
  const auto bytes = unread_.subspan(header.size, static_cast<std::size_t>(header.payload));
  wire::unmask(bytes, unread_.subspan(header.size - 4u).first<4>());
  found_ = {{reinterpret_cast<const char*>(bytes.data()), bytes.size()}, header.op == wire::opcode::binary};
  consume(header.size + bytes.size());
}

front inbox::hand_over(std::uint64_t size) noexcept {
  frame_left_ = size;
  return front::readable;
}

std::size_t inbox::take(std::span<std::byte> into) noexcept {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>({frame_left_, unread_.size(), into.size()}));
  if (n != 0) std::memcpy(into.data(), unread_.data(), n);
  consume(n);
  frame_left_ -= n;
  return n;
}

}  // namespace roomcast
