#pragma once

#include <unistd.h>

#include <utility>

namespace roomcast {

/// Owns an open descriptor; a negative one is none. Move-only.
class descriptor {
 public:
  explicit descriptor(int number) noexcept : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(other.release()) {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() { close(); }

  explicit operator bool() const noexcept { return number_ >= 0; }
  int number() const noexcept { return number_; }

  void close() noexcept {
    if (number_ >= 0) ::close(release());
  }

 private:
  int release() noexcept { return std::exchange(number_, -1); }

  int number_;
};

}  // namespace roomcast
