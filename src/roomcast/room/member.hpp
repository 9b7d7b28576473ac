#pragma once

#include "roomcast/log/batch.hpp"

#include <boost/intrusive/list_hook.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace roomcast {

/// What a room knows of a connection. Lane only; none of the calls resumes a coroutine or leaves the registry.
class member : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit member(std::uint64_t id) noexcept : id_(id) {}
  member(const member&) = delete;
  member& operator=(const member&) = delete;

  std::uint64_t id() const noexcept { return id_; }

  /// The cursor starts at `position`.
  virtual void joined(std::uint64_t position) = 0;

  /// A batch has become visible.
  virtual void deliver(const std::shared_ptr<log::link>& newest) = 0;

  /// Closes with `code` after all of the log before `flush_to`.
  virtual void dismiss(std::uint16_t code, std::string_view reason, std::uint64_t flush_to) = 0;

  /// Ends the connection at once; its session notices later.
  virtual void drop() noexcept = 0;

  /// Memory that is held for this member, in bytes.
  struct holding {
    std::uint64_t lag = 0;  ///< batches of its room's, shared with others
    std::uint64_t own = 0;  ///< what it has sent in part, and frames only for it

    friend auto operator<=>(const holding&, const holding&) = default;
  };

  /// `newest` ends its room's chain of batches; null where nobody lags.
  virtual holding held(const log::link* newest) const noexcept = 0;

  /// Lets go of that memory, and of the member where need be.
  virtual void shed(const std::shared_ptr<log::link>& newest) = 0;

 protected:
  ~member() = default;

 private:
  friend class registry;
  const std::uint64_t id_;
  std::size_t slot_ = 0;
};

}  // namespace roomcast
