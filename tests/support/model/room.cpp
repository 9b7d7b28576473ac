#include "room.hpp"

#include "roomcast/wire/frame.hpp"

#include <fmt/format.h>

namespace roomcast::test::model {
namespace {

// What `options::max_lag` counts for a batch, and for a message besides its frame.
constexpr std::size_t batch_weight = 448;
constexpr std::size_t message_weight = 28;

// The capacity of a batch's strings that are short: names, and others.
constexpr std::size_t least_capacity = 144;

}  // namespace

std::size_t room::say(std::uint64_t sender, std::string_view name, std::string_view text) {
  const std::size_t seq = size() - life_begin_ + 1;
  auto delivered = text.starts_with(binary_mark)
                       ? std::string{text}
                       : fmt::format(fmt::runtime(format_), fmt::arg("room", name_), fmt::arg("seq", seq), fmt::arg("name", name),
                                     fmt::arg("text", text));
  const std::size_t frame = wire::header_size(delivered.size()) + delivered.size();
  messages_.push_back({sender, std::move(delivered), group_begin_, bytes_});
  bytes_ += frame;
  return seq;
}

void room::settled() {
  group_begin_ = size();
  several_ = false;
}

// Each message may be a batch. A batch's memory is up to twice what was put into it, or what the one before it took.
std::size_t room::most_weight(std::size_t from, std::size_t to) const {
  if (from >= to) return 0;
  const std::size_t begin = messages_[from].group_begin;
  const std::size_t before = begin == 0 ? 0 : messages_[begin - 1].group_begin;
  return bytes(before, begin) + 3 * bytes(begin, to) + (to - begin) * (batch_weight + 2 * message_weight + least_capacity);
}

std::size_t room::least_weight(std::size_t from, std::size_t to) const {
  return from >= to ? 0 : bytes(from, to) + (to - from) * message_weight + batch_weight;
}

}  // namespace roomcast::test::model
