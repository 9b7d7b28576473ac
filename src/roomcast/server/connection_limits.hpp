#pragma once

#include <boost/asio/ip/address.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <mutex>

namespace roomcast::server {

/// How many connections there may be, all together and from one address. An IPv6 address stands for its network of 64 bits,
/// as one peer usually has all of that. No I/O. Any thread.
class connection_limits {
 public:
  enum class verdict {
    welcome,
    too_many,             ///< Answered with 503.
    too_many_of_address,  ///< Answered with 429.
    silence,              ///< Too many are being answered so: closed without a word.
  };

  /// So many beyond a limit are told at a time.
  static constexpr std::size_t refusals_at_a_time = 32;

  /// `per_address` of 0 is no limit.
  connection_limits(std::size_t all, std::size_t per_address) noexcept : all_(all), per_address_(per_address) {}

  /// Judges a connection from `peer`, and counts it until it leaves.
  verdict admit(const boost::asio::ip::address& peer);

  /// A connection from `peer` that was judged so is over.
  void leave(const boost::asio::ip::address& peer, verdict judged) noexcept;

 private:
  using network = std::array<unsigned char, 8>;
  static network network_of(const boost::asio::ip::address& peer) noexcept;

  const std::size_t all_;
  const std::size_t per_address_;
  std::mutex mutex_;
  // under the mutex
  std::size_t welcomed_ = 0;
  std::size_t refused_ = 0;
  std::map<network, std::size_t> of_network_;  // of those welcomed; only where there is a limit
};

}  // namespace roomcast::server
