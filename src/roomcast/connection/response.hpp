#pragma once

#include <string>
#include <string_view>

namespace roomcast {

/// An HTTP answer, short enough to be held whole.
struct response {
  unsigned status = 200;
  std::string body = {};
  std::string_view type = "text/plain; charset=utf-8";
  std::string headers = {};  ///< further lines, each ended with CRLF

  /// An answer that says one line.
  static response line(unsigned status, std::string_view reason, std::string headers = {});
};

enum class body_use { sent, only_counted };  // the latter for HEAD

/// The bytes to send.
std::string serialize(const response& r, bool keep_alive, body_use use = body_use::sent);

}  // namespace roomcast
