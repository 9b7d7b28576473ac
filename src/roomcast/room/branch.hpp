#pragma once

#include "roomcast/room/share.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace roomcast {

class room;

/// What a branch's members have said since the last parcel, on its way to the room's home lane.
struct parcel {
  explicit parcel(std::pmr::memory_resource* memory) : bytes(memory), messages(memory) {}

  struct message {
    std::uint64_t number, id;  // of its sender
    std::size_t name_end, text_end;  // in `bytes`
    bool binary;
    bool echo;
  };

  /// What a message takes up in it: where the text is short, more than its bytes.
  static std::size_t size_of(const speaker& who, payload what) noexcept { return sizeof(message) + who.name.size() + what.bytes.size(); }

  template <class Function>
  void for_each(Function f) const {
    std::size_t begin = 0;
    for (const message& m : messages) {
      const std::string_view all = bytes;
      f(speaker{.number = m.number, .id = m.id, .name = all.substr(begin, m.name_end - begin)},
        payload{.bytes = all.substr(m.name_end, m.text_end - m.name_end), .binary = m.binary, .echo = m.echo});
      begin = m.text_end;
    }
  }

  std::pmr::string bytes;  // a name, a text, a name, …
  std::pmr::vector<message> messages;
  std::size_t shown = 0;  ///< batches that the branch has shown since the last parcel
};

/// A lane's share of a room whose home is another lane. What its members say goes home in parcels; what the room makes visible
/// comes here batch by batch, once for all of them. It lives in its lane's `directory`, for as long as it has members or
/// something to send. Lane only.
class branch final : public share {
 public:
  branch(lane& here, room& whole);

  lane& here() const noexcept { return share::here(); }

  /// Keeps the branch while somebody is about to join.
  class visit {
   public:
    explicit visit(branch& b) noexcept : branch_(b) { ++branch_.visits_; }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() {
      --branch_.visits_;
      if (!branch_.is_needed()) branch_.forget();
    }

   private:
    branch& branch_;
  };

  /// Completes when `m`, on this lane, has joined, unless something is missing.
  task<std::variant<beginning, missing>> join(member& m, reservation& place, const wish& w);

  bool is_full() const noexcept override { return on_the_way_ >= max_hidden; }
  bool has_shown(std::uint64_t position) const noexcept override { return shown_to_ >= position; }
  void say(const speaker& who, payload what) override;
  void remove(member& m) noexcept override;
  task<std::uint64_t> leave(member& m, reservation& place) override;
  void dismiss(std::size_t most) override;
  bool try_flush() noexcept override;

  // for the room

  /// `next` has become visible, and with it `taken` more of what was said here, by `parcel::size_of`.
  void show(std::shared_ptr<const log::batch> next, std::size_t taken);

  /// Ends up to `most` members' connections, each after all of the log before `flush_to`.
  void send_away(std::size_t most, std::uint64_t flush_to) { share::dismiss(most, flush_to); }

 private:
  friend class directory;

  parcel& packing();
  std::size_t waiting() const noexcept override { return packed_ ? packed_->bytes.size() : 0; }
  bool is_needed() const noexcept override { return !members().empty() || visits_ != 0 || is_listed(); }
  void forget() override;

  lane& home_;
  room& room_;  // home lane only
  std::shared_ptr<parcel> packed_;
  std::size_t shown_ = 0;       // batches since the last parcel
  std::uint64_t shown_to_ = 0;  // the position at the end of the last batch
  std::size_t on_the_way_ = 0;  // said here and not visible yet, by `parcel::size_of`
  std::size_t visits_ = 0;
  bool closed_ = false;  // out of the directory
};

}  // namespace roomcast
