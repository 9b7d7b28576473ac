#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace roomcast {

class lane;
class reservation;
class room;

/// Why there is no place in a room.
enum class no_place { name_taken, room_full, too_many_rooms };

/// The rooms of a lane, by name. A room comes with the first who needs it and goes with the last. Lane only.
class directory {
 public:
  explicit directory(lane& home);
  ~directory();

  /// Takes `name` in room `room_name`; an empty `name` stands for the next free of user0, user1, ….
  std::variant<reservation, no_place> reserve(std::string_view room_name, std::string_view name);

  /// The room of that name, made if need be; null where there are too many.
  room* open(std::string_view room_name);

  /// Ends `r`, which nobody needs any more.
  void forget(room& r) noexcept;

  /// All rooms there are now.
  std::vector<room*> all() const;

 private:
  lane& home_;
  std::unordered_map<std::string_view, std::unique_ptr<room>> rooms_;  // keys are the rooms' own names
};

}  // namespace roomcast
