#include "roomcast/script/json_pattern.hpp"

#include "roomcast/script/script.hpp"

#include <boost/json.hpp>

namespace roomcast::script {
namespace {

namespace json = boost::json;

// Stands for a variable where only JSON can stand.
constexpr std::string_view variable_key = "$variable";

std::string with_variables_as_json(std::string_view pattern) {
  std::string out;
  bool in_string = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (in_string && c == '\\') {
      out += c;
      if (++at < pattern.size()) out += pattern[at];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (c == '$' && !in_string) {
      const auto length = name_length(pattern.substr(at + 1));
      out += "{\"" + std::string{variable_key} + "\":\"" + std::string{pattern.substr(at + 1, length)} + "\"}";
      at += length;
    } else {
      out += c;
    }
  }
  return out;
}

std::string as_text(const json::value& v) {
  if (v.is_string()) return std::string{v.get_string()};
  return json::serialize(v);
}

std::optional<std::string> match(const json::value& pattern, const json::value& found, const std::string& where, variables& known) {
  if (pattern.is_object()) {
    const auto& wanted = pattern.get_object();
    if (const auto* const name = wanted.if_contains({variable_key.data(), variable_key.size()})) {
      const auto [at, fresh] = known.emplace(std::string{name->get_string()}, as_text(found));
      if (!fresh && at->second != as_text(found)) return where + " is " + json::serialize(found) + ", not " + at->second;
      return {};
    }
    if (!found.is_object()) return where + " is " + json::serialize(found) + ", not an object";
    for (const auto& member : wanted) {
      const std::string key{member.key()};
      const auto* const value = found.get_object().if_contains(member.key());
      if (!value) return where + " has no \"" + key + "\"";
      if (auto fault = match(member.value(), *value, where + "." + key, known)) return fault;
    }
    return {};
  }
  if (pattern.is_array()) {
    if (!found.is_array() || found.get_array().size() != pattern.get_array().size())
      return where + " is " + json::serialize(found) + ", not an array of " + std::to_string(pattern.get_array().size());
    for (std::size_t i = 0; i < pattern.get_array().size(); ++i)
      if (auto fault = match(pattern.get_array()[i], found.get_array()[i], where + "[" + std::to_string(i) + "]", known)) return fault;
    return {};
  }
  if (pattern != found) return where + " is " + json::serialize(found) + ", not " + json::serialize(pattern);
  return {};
}

}  // namespace

std::optional<std::string> match_json(std::string_view pattern, std::string_view text, variables& known) {
  boost::system::error_code ec;
  const std::string json_pattern = with_variables_as_json(pattern);
  const auto wanted = json::parse(json_pattern, ec);
  if (ec) return "the pattern is not JSON: " + ec.message();
  const auto found = json::parse({text.data(), text.size()}, ec);
  if (ec) return "it is not JSON: " + ec.message();
  auto attempt = known;
  if (auto fault = match(wanted, found, "it", attempt)) return fault;
  known = std::move(attempt);
  return {};
}

}  // namespace roomcast::script
