#include "roomcast/error.hpp"

#include <string>

namespace roomcast {
namespace {

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "roomcast"; }

  std::string message(int value) const override {
    switch (static_cast<error>(value)) {
      case error::stopped: return "the chat is stopping";
      case error::bad_room: return "a room's name is 1 to 64 characters of A-Z a-z 0-9 . _ ~ -";
      case error::too_many_rooms: return "there are as many rooms as max_rooms allows";
      case error::too_large: return "the text is longer than max_message_size";
      case error::not_utf8: return "the text is not valid UTF-8";
      case error::overloaded: return "the store cannot follow";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const category instance;
  return instance;
}

error_code make_error_code(error e) noexcept { return {static_cast<int>(e), error_category()}; }

}  // namespace roomcast
