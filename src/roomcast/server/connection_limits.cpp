#include "roomcast/server/connection_limits.hpp"

#include <algorithm>

namespace roomcast::server {

connection_limits::verdict connection_limits::admit(const boost::asio::ip::address& peer) {
  const std::lock_guard lock{mutex_};
  const auto refuse = [&](verdict v) {
    if (refused_ == refusals_at_a_time) return verdict::silence;
    ++refused_;
    return v;
  };
  if (welcomed_ == all_) return refuse(verdict::too_many);
  if (per_address_ != 0) {
    auto& from_there = of_network_[network_of(peer)];
    if (from_there == per_address_) return refuse(verdict::too_many_of_address);
    ++from_there;
  }
  ++welcomed_;
  return verdict::welcome;
}

void connection_limits::leave(const boost::asio::ip::address& peer, verdict judged) noexcept {
  if (judged == verdict::silence) return;
  const std::lock_guard lock{mutex_};
  if (judged != verdict::welcome) {
    --refused_;
    return;
  }
  --welcomed_;
  if (per_address_ == 0) return;
  const auto at = of_network_.find(network_of(peer));
  if (--at->second == 0) of_network_.erase(at);
}

connection_limits::network connection_limits::network_of(const boost::asio::ip::address& peer) noexcept {
  network n{};
  const auto v4 = [&](const boost::asio::ip::address_v4& a) {
    const auto bytes = a.to_bytes();
    n = {0, 0, 0xff, 0xff};  // apart from all networks of IPv6
    std::copy(bytes.begin(), bytes.end(), n.begin() + 4);
  };
  if (peer.is_v4()) {
    v4(peer.to_v4());
  } else if (const auto v6 = peer.to_v6(); v6.is_v4_mapped()) {
    v4(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6));
  } else {
    const auto bytes = v6.to_bytes();
    std::copy_n(bytes.begin(), n.size(), n.begin());
  }
  return n;
}

}  // namespace roomcast::server
