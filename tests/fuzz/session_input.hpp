#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::fuzz {

/// A client's frame, with a mask.
std::string client_frame(unsigned char first, std::string_view payload);

/// What one peer does to a server, as the fuzzer's bytes say. A byte is sent as it is, but for a backslash, which begins one
/// of these; N is a byte, and a number:
///
///     \\      a backslash
///     \fN     begins a frame: its first byte is N, its payload ends at the next command, its mask is added
///     \lN     256 times N bytes of text
///     \aN     N * N times the last frame again
///     \.      what was written so far is sent
///     \dN     the same, in pieces of N bytes
///     \tN     N ticks of the clock
///     \wN     from now on the peer takes N bytes at a time, each time that it reads; 255 for any number
///     \r      it reads
///     \b      the bystander speaks
///     \e      the peer ends its side
///     \s      the server is told to stop
struct action {
  enum class kind { send, pass, narrow, read, speak, end, stop };

  kind what{};
  std::string bytes = {};
  std::size_t number = 0;  ///< the size of pieces, ticks, or bytes
};

/// The actions, with a limit on all that they send.
std::vector<action> read_actions(std::string_view input);

}  // namespace roomcast::fuzz
