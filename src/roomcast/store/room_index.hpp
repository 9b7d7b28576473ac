#pragma once

#include <boost/intrusive/slist_hook.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace roomcast::store {

/// A room of which messages are stored, or are about to be.
struct stored_room : boost::intrusive::slist_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>> {
  stored_room(std::int64_t i, std::string_view n, std::string_view e, std::uint64_t s, std::uint64_t m)
      : id(i), name(n), epoch(e), seq(s), messages(m) {}

  const std::int64_t id;
  const std::string name;
  const std::string epoch;
  std::uint64_t seq;  ///< of the last message that was appended
  stored_room* next = nullptr;  ///< in order of the index; fixed once it is in there

  // the writer's
  std::uint64_t messages;      ///< that are stored
  std::uint64_t given_up = 0;  ///< the sequence number of the last that was given up
  bool has_failed = false;
};

/// The rooms that are stored, by name. They stay for as long as the index does.
class room_index {
 public:
  room_index();

  /// Null where there is none of that name.
  stored_room* find(std::string_view name) const noexcept;

  /// Adds what was loaded.
  stored_room& add(std::int64_t id, std::string_view name, std::string_view epoch, std::uint64_t seq, std::uint64_t messages);

  /// The room of that name, made if need be.
  stored_room& get(std::string_view name);

  /// The epoch of a room that is not in the index: always the same, so that nothing need be kept of a room where nobody speaks.
  std::string new_epoch(std::string_view name) const;

  /// The newest room, from which `next` leads to all.
  stored_room* first() const noexcept { return first_; }

 private:
  std::unordered_map<std::string_view, std::unique_ptr<stored_room>> rooms_;  // keys are the rooms' own names
  stored_room* first_ = nullptr;
  std::int64_t last_id_ = 0;
  std::array<std::uint32_t, 4> secret_;
};

}  // namespace roomcast::store
