#pragma once

#include "roomcast/log/cursor.hpp"
#include "roomcast/room/place.hpp"
#include "roomcast/wire/encoding.hpp"

#include <boost/intrusive/list_hook.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace roomcast {

/// Why a member has to go.
enum class eviction : std::uint8_t {
  none,
  displaced,  ///< Somebody has come back for its name.
  removed,    ///< A moderator wants it.
};

/// What a room knows of a connection. Lane only; none of the calls resumes a coroutine or leaves the registry.
class member : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit member(std::uint64_t number) noexcept : number_(number), id_(number) {}
  member(const member&) = delete;
  member& operator=(const member&) = delete;

  /// The connection's own.
  std::uint64_t number() const noexcept { return number_; }

  /// What others know it by: its number, or, where it has come back for a name, what it was before.
  std::uint64_t id() const noexcept { return id_; }
  void take_id(std::uint64_t id) noexcept { id_ = id; }

  /// Its name, which is there for as long as it is a member.
  std::string_view name() const noexcept { return name_; }
  void take_name(std::string_view name) noexcept { name_ = name; }

  /// How it is written to.
  virtual wire::encoding form() const noexcept = 0;

  /// The cursor with which it begins, where `b` says.
  virtual log::cursor cursor_at(const beginning& b) const noexcept = 0;

  /// From now on it reads so.
  virtual void joined(log::cursor c) = 0;

  /// A batch has become visible.
  virtual void deliver(const std::shared_ptr<log::link>& newest) = 0;

  /// Ends with the frame `close` after all of the log before `flush_to`.
  virtual void dismiss(std::string_view close, std::uint64_t flush_to) = 0;

  /// Ends in the same way, as the server stops.
  virtual void send_away(std::uint64_t flush_to) = 0;

  /// Its connection is closed, as soon as it has been told that it is a member.
  virtual void evict(eviction why) = 0;

  /// Ends the connection at once; its session notices later.
  virtual void drop() noexcept = 0;

  /// The weight of the batches that it holds on to, of its room's chain that ends with `newest`.
  virtual std::uint64_t lag_through(const log::link& newest) const noexcept = 0;

  /// Memory for it alone, in bytes: what it has sent in part, frames that wait for it, and what was read
  /// from the store for it.
  virtual std::size_t own_memory() const noexcept = 0;

  /// Memory is short: lets go of what it lags behind, or, where `newest` is null, of its own; and of the member, unless it
  /// only has to skip.
  virtual void shed(const std::shared_ptr<log::link>& newest) = 0;

 protected:
  ~member() = default;

 private:
  friend class registry;
  const std::uint64_t number_;
  std::uint64_t id_;
  std::string_view name_;
  std::size_t slot_ = 0;
};

}  // namespace roomcast
