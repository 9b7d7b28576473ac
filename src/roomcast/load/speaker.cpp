#include "roomcast/load/speaker.hpp"

#include "roomcast/load/marker.hpp"
#include "roomcast/wire/frame.hpp"

#include <array>
#include <cstring>

namespace roomcast::load {
namespace {

// One mask for all is no secret, but costs the server what any mask does.
constexpr std::array<char, 4> mask{0x37, static_cast<char>(0xfa), 0x21, 0x3d};

}  // namespace

speaker::speaker(std::uint32_t sender, std::uint32_t run, std::size_t bytes, bool json) : sender_(sender) {
  const std::string_view before = json ? R"({"type":"message","text":")" : "", after = json ? R"("})" : "";
  std::string payload{before};
  payload.append(bytes - marker::size, '.');
  payload += to_text({.sender = sender}, run);
  payload += after;
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  frame_ = std::string_view{wire::make_header(wire::opcode::text, payload.size())};
  frame_[1] = static_cast<char>(static_cast<unsigned char>(frame_[1]) | 0x80u);
  frame_.append(mask.data(), mask.size());
  frame_ += payload;
  behind_ = after.size();

  std::array<char, 8> over{};
  for (std::size_t i = 0; i < over.size(); ++i) over[i] = mask[(before.size() + bytes + i) % 4];  // the last letter lies just before
  std::memcpy(&mask_, over.data(), over.size());
}

void speaker::speak(std::string& out, std::uint32_t time) {
  const std::uint64_t words[] = {to_letters(spoken_++) ^ mask_, to_letters(time) ^ mask_};
  std::memcpy(frame_.data() + frame_.size() - behind_ - sizeof words, words, sizeof words);
  out += frame_;
}

}  // namespace roomcast::load
