#pragma once

#include "roomcast/options.hpp"

#include <string>
#include <string_view>

namespace roomcast::server {

enum class log_format { text, json };

/// `text` as a string of JSON, in its quotes: whatever is in it, that is one line of valid UTF-8 in which nothing is invisible.
/// Bytes that are not UTF-8 become U+FFFD.
std::string quote_json(std::string_view text);

/// What a line says after its time and level: a message, which in JSON is the first member of an object that is not closed.
std::string log_text(std::string_view message, log_format format);

/// The same of a request, or of a member, that is over.
std::string log_text(const access_record& a, log_format format);

}  // namespace roomcast::server
