#pragma once

#include "roomcast/client/url.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace roomcast::load {

/// A request to upgrade. All have one key, as nothing here rests on its being new.
std::string upgrade_request(const client::url& where, std::string_view target, bool json_members);

/// How an answer to that request begins.
struct upgrade_answer {
  std::size_t size = 0;     ///< of its header section, 0 while that is not whole
  std::string refusal = {};  ///< why it lets nobody in
};

upgrade_answer examine_answer(std::string_view bytes);

}  // namespace roomcast::load
