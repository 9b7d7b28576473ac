#include "roomcast/load/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace roomcast::load {

int connection::begin(const load::address& to) {
  fd_ = ::socket(to.name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return errno;
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to.name), to.size) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    release();
    return error;
  }
  now = state::connecting;
  awaits_write_ = true;
  poller_.add(fd_, this, EPOLLIN | EPOLLOUT);
  return 0;
}

void connection::release() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  now = state::none;
  reads_ = true;
  awaits_write_ = false;
  needed_ = 0;
  rest_.clear();
  out_.clear();
  gone_ = 0;
  frames = {};
}

int connection::connect_error() const noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void connection::flush() {
  const auto n = ::send(fd_, out_.data() + gone_, out_.size() - gone_, MSG_NOSIGNAL);
  if (n > 0) gone_ += static_cast<std::size_t>(n);
  if (n < 0 && errno != EAGAIN) gone_ = out_.size();  // reading tells of the end
  if (gone_ > out_.size() / 2) out_.erase(0, std::exchange(gone_, 0));
  if (awaits_write_ == !out_.empty()) return;
  awaits_write_ = !out_.empty();
  watch();
}

connection::received connection::receive(std::string& buffer) {
  const bool in_place = rest_.size() > buffer.size() - chunk;
  const std::size_t kept = rest_.size();
  if (in_place) rest_.resize(kept + chunk);
  else if (kept != 0) std::memcpy(buffer.data(), rest_.data(), kept);
  auto& into = in_place ? rest_ : buffer;
  const auto n = ::recv(fd_, into.data() + kept, chunk, 0);
  const auto size = kept + static_cast<std::size_t>(n > 0 ? n : 0);
  if (in_place) rest_.resize(size);
  if (n > 0) {
    if (in_place && size < needed_) return {};
    return {.bytes = {into.data(), size}};
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  return {.ended = true, .error = n == 0 ? 0 : errno};
}

void connection::keep(std::string_view bytes, std::size_t taken, std::size_t needed) {
  needed_ = needed;
  const auto left = bytes.substr(taken);
  if (left.empty() && rest_.empty()) return;
  if (bytes.data() == rest_.data()) rest_.erase(0, taken);
  else rest_.assign(left);
  if (rest_.empty() && rest_.capacity() > chunk) rest_ = {};
  else if (needed > chunk) rest_.reserve(needed + chunk);
}

void connection::stop_reading() {
  reads_ = false;
  watch();
}

void connection::watch() { poller_.change(fd_, this, (reads_ ? EPOLLIN : 0u) | (awaits_write_ ? EPOLLOUT : 0u)); }

}  // namespace roomcast::load
