#include "roomcast/load/listener.hpp"

#include <vector>

namespace roomcast::load {
namespace {

// How many senders there are in the room of each of a thread's connections.
std::vector<std::uint32_t> row_widths(const plan& p, std::uint32_t index) {
  std::vector<std::uint32_t> widths;
  for (auto i = index; i < p.options().connections; i += p.options().threads) widths.push_back(p.senders_in(p.room_of(i)));
  return widths;
}

}  // namespace

listener::listener(const plan& p, const stage& s, tallies& counted, std::uint32_t index)
    : checks(row_widths(p, index)), plan_(p), stage_(s), counted_(counted), reader_(p.run()) {}

void listener::begin_measuring() noexcept {
  from_ = stage_.microseconds(stage_.from);
  length_ = stage_.microseconds(stage_.until) - from_;
}

}  // namespace roomcast::load
