// Format strings: the input's lines are a format, a name, a room, and a text; its first bytes the rest of a message.

#include "check.hpp"
#include "reference.hpp"

#include "roomcast/wire/text_format.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory_resource>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace roomcast;
using fuzz::check;

namespace {

std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

std::string time_text(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &parts);
  return std::string{text, length} + std::to_string(1000 + ms % 1000).substr(1) + "Z";
}

// The text that a message should become; nothing where the format is none.
std::optional<std::string> expand(std::string_view format, const wire::message& m) {
  if (!fuzz::is_valid_utf8(format)) return {};
  std::string out;
  bool shows_text = false;
  while (!format.empty()) {
    const auto accept = [&](std::string_view token) {
      if (!format.starts_with(token)) return false;
      format.remove_prefix(token.size());
      return true;
    };
    if (accept("{{")) {
      out += '{';
    } else if (accept("}}")) {
      out += '}';
    } else if (accept("{name}")) {
      out += m.name;
    } else if (accept("{text}")) {
      out += m.text;
      shows_text = true;
    } else if (accept("{room}")) {
      out += m.room;
    } else if (accept("{seq}")) {
      out += std::to_string(m.seq);
    } else if (accept("{time}")) {
      out += time_text(m.time);
    } else if (format[0] == '{' || format[0] == '}') {
      return {};
    } else {
      out += format[0];
      format.remove_prefix(1);
    }
  }
  if (!shows_text) return {};
  return out;
}

std::string repeated(std::string_view text, unsigned times) {
  constexpr std::size_t longest = 70'000;  // more than two bytes of length can say
  std::string out{text};
  for (; times > 0 && out.size() + text.size() <= longest; --times) out += text;
  return out;
}

std::optional<wire::text_format> compile(std::string_view format) {
  try {
    return wire::text_format{format};
  } catch (const std::invalid_argument& e) {
    check(*e.what() != '\0', "what is no format is told why");
    return {};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  struct {
    std::uint32_t seconds;
    std::uint16_t milliseconds, times;
    std::uint64_t seq;
  } numbers;
  if (size < sizeof numbers) return 0;
  std::memcpy(&numbers, data, sizeof numbers);
  std::string_view rest{reinterpret_cast<const char*>(data) + sizeof numbers, size - sizeof numbers};
  const auto format = take_line(rest), name = take_line(rest), room = take_line(rest);
  if (!fuzz::is_valid_utf8(name) || !fuzz::is_valid_utf8(room) || !fuzz::is_valid_utf8(rest)) return 0;
  const std::string text = repeated(rest, numbers.times);
  const std::chrono::system_clock::time_point time{std::chrono::seconds{numbers.seconds} + std::chrono::milliseconds{numbers.milliseconds % 1000}};
  const wire::message message{.seq = numbers.seq, .room = room, .name = name, .text = text, .time = time};

  const auto expected = expand(format, message);
  const auto compiled = compile(format);
  check(compiled.has_value() == expected.has_value(), "a format is one, or is none");
  if (!compiled) return 0;
  std::pmr::string out = "before";
  compiled->append_frame(out, message);
  check(out.starts_with("before"), "what was there stays");
  std::string_view bytes = std::string_view{out}.substr(6);
  const auto frame = fuzz::take_server_frame(bytes);
  check(frame && bytes.empty() && frame->opcode == 1, "a message is one text frame");
  check(frame->payload == *expected, "a message is what the format says");
  return 0;
}
