#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace roomcast {

class branch;
class lane;
class reservation;
class room;
class share;

/// Why there is no place in a room.
enum class no_place { name_taken, room_full, too_many_rooms };

/// The rooms whose home a lane is, and its branches of other lanes' rooms, by name. Each comes with the first who needs it
/// and goes with the last. Lane only.
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

  /// The branch of another lane's room on this one, made if need be.
  branch& branch_of(room& r);

  /// Gives up `b`, which nobody on this lane needs any more.
  std::unique_ptr<branch> forget(branch& b) noexcept;

  /// All shares of rooms there are now.
  std::vector<share*> all() const;

 private:
  lane& home_;
  std::unordered_map<std::string_view, std::unique_ptr<room>> rooms_;  // keys are the rooms' own names
  std::unordered_map<std::string_view, std::unique_ptr<branch>> branches_;
};

}  // namespace roomcast
