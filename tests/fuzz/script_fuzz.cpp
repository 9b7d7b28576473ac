// Scripts: any bytes are a script, or an error with its place.

#include "check.hpp"

#include "roomcast/script/script.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <variant>

using namespace roomcast;
using fuzz::check;

namespace {

std::string_view line_of(std::string_view text, std::size_t number) {
  for (; number > 1; --number) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const auto parsed = script::parse(text);
  if (const auto* const error = std::get_if<script::parse_error>(&parsed)) {
    check(error->line >= 1 && error->line <= lines, "an error is on a line");
    check(error->column >= 1 && error->column <= line_of(text, error->line).size() + 1, "an error is in its line");
    check(!error->what.empty(), "an error says what is wrong");
    return 0;
  }
  std::size_t last = 0;
  for (const auto& step : std::get<script::script>(parsed).steps) {
    check(step.line > last && step.line <= lines, "a step is on a line of its own");
    check(!step.who.empty() && script::name_length(step.who) == step.who.size(), "a step is somebody's");
    check(step.times >= 1, "a step is done");
    last = step.line;
  }
  return 0;
}
