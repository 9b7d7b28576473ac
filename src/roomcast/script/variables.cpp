#include "roomcast/script/variables.hpp"

#include "roomcast/script/script.hpp"

namespace roomcast::script {

std::optional<std::string> substitute(std::string_view text, const variables& known, std::string& unknown) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '$') {
      out += text[at];
    } else if (text.substr(at + 1).starts_with('$')) {
      out += '$';
      ++at;
    } else {
      const std::string name{text.substr(at + 1, name_length(text.substr(at + 1)))};
      const auto value = known.find(name);
      if (value == known.end()) {
        unknown = name;
        return {};
      }
      out += value->second;
      at += name.size();
    }
  }
  return out;
}

}  // namespace roomcast::script
