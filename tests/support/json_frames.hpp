#pragma once

#include "stage.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

// What JSON members say and hear.

namespace roomcast::test {

using json_frames = std::vector<boost::json::object>;

inline json_frames take_frames(peer& p) {
  json_frames all;
  for (const auto& text : p.take_texts())
    if (text.starts_with("{")) all.push_back(boost::json::parse(text).as_object());  // a Close has a payload, too
  return all;
}

inline json_frames of_type(const json_frames& all, std::string_view type) {
  json_frames some;
  std::copy_if(all.begin(), all.end(), std::back_inserter(some), [&](const auto& o) { return o.at("type").as_string() == type; });
  return some;
}

inline std::string string(const boost::json::object& o, std::string_view key) { return std::string{std::string_view{o.at(key).as_string()}}; }

/// The texts of the messages among `all`.
inline std::vector<std::string> texts(const json_frames& all) {
  std::vector<std::string> found;
  for (const auto& each : of_type(all, "message")) found.push_back(string(each, "text"));
  return found;
}

/// `more` are further fields, each after a comma.
inline void say(peer& p, const std::string& text, const std::string& more = {}) {
  p.send(masked_text(fmt::format(R"({{"type":"message","text":"{}"{}}})", text, more)));
}

}  // namespace roomcast::test
