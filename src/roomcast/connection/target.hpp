#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace roomcast {

/// A request's target, RFC 9112 section 3.2.1: its path as it came, and its query.
struct target {
  std::string_view path;
  std::string_view query;
};

/// Splits a target in origin form, or in absolute form, whose scheme and authority are left out; nothing where it is
/// another form.
std::optional<target> parse_target(std::string_view text) noexcept;

/// Decodes `%XX` once; with `plus_is_space`, as in a form's values. Nothing where a `%` is not followed by two digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// The value of the first parameter `name`, still encoded; nothing where there is none.
std::optional<std::string_view> find_parameter(std::string_view query, std::string_view name) noexcept;

}  // namespace roomcast
