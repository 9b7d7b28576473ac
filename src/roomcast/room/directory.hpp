#pragma once

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace roomcast {

class branch;
class lane;
class reservation;
struct applicant;
class room;
class share;

/// Why there is no place in a room.
enum class no_place { name_taken, room_full, too_many_rooms };

/// A room's place among those of its lane that remember something.
class remembering : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 protected:
  remembering() = default;
  ~remembering() = default;
};

/// The rooms whose home a lane is, and its branches of other lanes' rooms, by name. Each comes with the first who needs it
/// and goes with the last. Lane only.
class directory {
 public:
  explicit directory(lane& home);
  ~directory();

  /// Takes a place in room `room_name`. One who comes back for its name takes it from whoever has it still.
  std::variant<reservation, no_place> reserve(std::string_view room_name, const applicant& who);

  /// The room of that name, made if need be, for which one that is only remembered may have to be forgotten; null where there
  /// are too many.
  room* open(std::string_view room_name);

  /// Ends `r`, which nobody needs any more.
  void forget(room& r) noexcept;

  /// The room of that name; null where there is none.
  room* find(std::string_view room_name) const;

  /// A room, and how many members it has.
  struct summary {
    std::string name;
    std::size_t members = 0;
  };

  /// The first `most` of the rooms whose names come after `after`, by name.
  std::vector<summary> list(std::string_view after, std::size_t most) const;

  /// Where the connection of a room's member is.
  struct whereabouts {
    lane* where;
    std::uint64_t number;
  };

  /// The member of room `room_name` with that id; nothing where there is none.
  std::optional<whereabouts> find_member(std::string_view room_name, std::uint64_t id) const;

  /// Whoever waits for something to be visible is destroyed: it never will be.
  void abandon_waiting() noexcept;

  /// The branch of another lane's room on this one, made if need be.
  branch& branch_of(room& r);

  /// Gives up `b`, which nobody on this lane needs any more.
  std::unique_ptr<branch> forget(branch& b) noexcept;

  /// All shares of rooms there are now. Where something is said in one of them, those that are only remembered may go.
  std::vector<share*> all() const;

  // what the rooms remember, for which there is a budget

  /// `r` remembered `before` bytes, until just now.
  void recount(room& r, std::uint64_t before) noexcept;

  /// Something has been said in `r`. Of the others, those that have been silent the longest may have to forget.
  void spoke(room& r);

  /// The bytes that all rooms together, and so any of them, may remember.
  std::uint64_t most_remembered() const noexcept;

  /// Rooms forget, the most silent first, for as long as `more` says so.
  void forget_while(const std::function<bool()>& more);

  /// A room that is only remembered goes; false where there is none, as far as it pays to look.
  bool forget_a_silent_one();

  /// Rooms forget everything, and those that are only remembered go.
  void forget_all() {
    forget_while([] { return true; });
  }

 private:
  lane& home_;
  boost::intrusive::list<remembering, boost::intrusive::constant_time_size<false>> remembering_;  // who has spoken last is the last
  std::uint64_t remembered_ = 0;  // by all of them
  std::unordered_map<std::string_view, std::unique_ptr<room>> rooms_;  // keys are the rooms' own names
  std::unordered_map<std::string_view, std::unique_ptr<branch>> branches_;
};

}  // namespace roomcast
