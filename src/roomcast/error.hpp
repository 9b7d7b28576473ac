#pragma once

#include <boost/system/error_code.hpp>

#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace roomcast {

using boost::system::error_code;

/// What an operation of the library may answer instead of a result. Errors of the operating system keep their own category.
enum class error {
  stopped = 1,    ///< The chat is stopping or has stopped: it takes nothing new.
  bad_room,       ///< Not the name of a room: `[A-Za-z0-9._~-]`, 1 to 64 characters.
  too_many_rooms, ///< The chat already holds `options::max_rooms` rooms.
  too_large,      ///< The text is longer than `options::max_message_size`.
  not_utf8,       ///< The text is not valid UTF-8.
  overloaded,     ///< More waits to be stored than should: later, it may be taken.
};

const boost::system::error_category& error_category() noexcept;

error_code make_error_code(error e) noexcept;

/// An option that cannot be. Its text is `field()`, a blank and what would be right.
class option_error : public std::invalid_argument {
 public:
  option_error(std::string field, const std::string& rule) : std::invalid_argument(field + " " + rule), field_(std::move(field)) {}

  /// The member of `options` that is wrong.
  const std::string& field() const noexcept { return field_; }

 private:
  std::string field_;
};

}  // namespace roomcast

template <>
struct boost::system::is_error_code_enum<roomcast::error> : std::true_type {};
