#pragma once

#include "roomcast/log/room_log.hpp"
#include "roomcast/room/share.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace roomcast {

class branch;
struct parcel;

/// A room on its home lane: who is in it, and the order of what they say. It lives in a `directory`, for as long as
/// somebody holds a place in it or it has something to send. Lane only.
class room final : public share {
 public:
  room(lane& home, std::string_view name);

  lane& home() const noexcept { return here(); }

  /// How many members it has, on all lanes.
  std::size_t size() const noexcept;

  /// Orders `what` now, whether the room is full or not.
  std::uint64_t order(std::uint64_t sender, std::string_view name, payload what);

  /// Seals what is open and makes it visible. Returns the position that is visible now.
  std::uint64_t flush();

  /// `m`, on this lane, joins.
  void join(member& m) { add(m, log_.end()); }

  bool is_full() const noexcept override { return log_.hidden_bytes() >= max_hidden; }
  void say(std::uint64_t sender, std::string_view name, payload what) override { order(sender, name, what); }
  task<std::uint64_t> leave(member& m, reservation& place) override;
  void dismiss(std::size_t most, std::string_view close) override;

  /// False where memory ran out and something is left to be made visible. Where a branch still shows what came before, the
  /// branch's answer is waited for: what its members say to that belongs into the same batch.
  bool try_flush() noexcept override;

  // for branches

  /// A member joins on `b`'s lane; returns where its cursor starts. What becomes visible afterwards is shown to `b`.
  std::uint64_t join(branch& b);
  void leave(branch& b) noexcept;

  /// What `b`'s members have said.
  void take(branch& b, const parcel& p);

  /// `b` is no more.
  void cut_off(branch& b) noexcept;

 private:
  friend class directory;
  friend class reservation;

  // What the room knows of a branch.
  struct remote {
    branch* where;
    std::size_t members = 0;
    std::size_t unanswered = 0;  // batches that it has not shown yet
    std::size_t taken = 0;       // from it and not visible yet, by `parcel::size_of`
    std::uint64_t shown_to = 0;  // position of the end of the last batch that was sent to it
  };

  remote& of(branch& b);
  void show(remote& r, const std::shared_ptr<const log::batch>& next);
  bool must_wait() const noexcept;
  void go_on() noexcept;

  void give_up_name(const std::string& name);
  std::size_t waiting() const noexcept override { return log_.open_bytes(); }
  bool is_needed() const noexcept override;
  void forget() override;

  log::room_log log_;
  std::unordered_set<std::string> names_;  // of members and of those who are about to be
  std::vector<remote> remotes_;
  bool held_ = false;  // a flush waits for an answer
};

}  // namespace roomcast
