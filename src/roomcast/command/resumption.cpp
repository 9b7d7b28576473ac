#include "roomcast/command/resumption.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace roomcast::command {
namespace {

namespace json = boost::json;

std::optional<std::string_view> text_of(const json::object& o, json::string_view key) {
  const auto* const found = o.if_contains(key);
  if (!found || !found->is_string()) return {};
  return std::string_view{found->get_string().data(), found->get_string().size()};
}

std::optional<std::uint64_t> number_of(const json::object& o, json::string_view key) {
  const auto* const found = o.if_contains(key);
  if (!found || !found->is_number()) return {};
  boost::system::error_code ec;
  const auto number = found->to_number<std::uint64_t>(ec);
  if (ec) return {};
  return number;
}

bool is_true(const json::object& o, json::string_view key) {
  const auto* const found = o.if_contains(key);
  return found && found->is_bool() && found->get_bool();
}

// All but the unreserved characters of RFC 3986 section 2.3 as %XX.
std::string percent_encode(std::string_view text) {
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (unreserved.find(c) != unreserved.npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

resumption::frame_type resumption::met(std::string_view frame) {
  boost::system::error_code ec;
  const auto parsed = json::parse({frame.data(), frame.size()}, ec);
  if (ec || !parsed.is_object()) return frame_type::other;
  const auto& fields = parsed.get_object();
  const auto type = text_of(fields, "type");
  if (type == "message") {
    if (const auto seq = number_of(fields, "seq"); seq && reached_) reached_->seq = *seq;
    return frame_type::message;
  }
  if (type == "goodbye") {
    if (const auto wait = number_of(fields, "retry_after_ms"))
      retry_after_ = milliseconds{std::min(*wait, static_cast<std::uint64_t>(longest_wait.count()))};
    return frame_type::goodbye;
  }
  if (type != "welcome") return frame_type::other;
  const bool recovered = reached_ && is_true(fields, "recovered");
  has_lost_ = reached_ && !recovered;
  retry_after_.reset();
  key_ = text_of(fields, "key").value_or("");
  const auto seq = number_of(fields, "seq");
  const auto epoch = text_of(fields, "epoch");
  // What was missed has yet to come: it counts message by message, as this connection may be lost before its end.
  if (!recovered) reached_ = seq && epoch ? std::optional{point{*seq, std::string{*epoch}}} : std::nullopt;
  return frame_type::welcome;
}

std::string resumption::query() const {
  if (!reached_) return {};
  std::string parameters = fmt::format("since={}&epoch={}", reached_->seq, percent_encode(reached_->epoch));
  if (!key_.empty()) parameters += "&key=" + percent_encode(key_);
  return parameters;
}

}  // namespace roomcast::command
