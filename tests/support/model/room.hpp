#pragma once

#include "roomcast/options.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::test::model {

/// The server has done what the model does not allow.
struct contradiction : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What begins like this is said in binary frames, and delivered as it came.
inline constexpr std::string_view binary_mark = "!";

/// What has been said in a room, in order, as its members are to hear it.
class room {
 public:
  struct message {
    std::uint64_t sender;
    std::string text;         // as it is delivered
    std::size_t group_begin;  // the first message that was said together with it, which may share its batch
    std::size_t bytes_before;
  };

  room(std::string name, const options& o) : name_(std::move(name)), format_(o.format) {}

  const std::string& name() const { return name_; }
  std::size_t size() const { return messages_.size(); }
  const message& operator[](std::size_t i) const { return messages_[i]; }

  /// Returns its number.
  std::size_t say(std::uint64_t sender, std::string_view name, std::string_view text);

  /// What is said until the next `settled` is too long for one batch.
  void in_several_batches() { several_ = true; }

  /// What is said from now on is in other batches.
  void settled();

  /// The last member has left: numbers begin anew.
  void ends() { life_begin_ = size(); }

  /// Where what was said last begins, and where its last batch begins at the latest.
  std::size_t group_begin() const { return group_begin_; }
  std::size_t last_batch() const { return several_ && size() > group_begin_ ? size() - 1 : group_begin_; }

  /// What a server may hold, at most, for a reader of `from` when the messages from `to` on come.
  std::size_t most_weight(std::size_t from, std::size_t to) const;

  /// And what it holds at least.
  std::size_t least_weight(std::size_t from, std::size_t to) const;

 private:
  std::size_t bytes(std::size_t from, std::size_t to) const { return bytes_before(to) - bytes_before(from); }
  std::size_t bytes_before(std::size_t i) const { return i < size() ? messages_[i].bytes_before : bytes_; }

  std::string name_;
  std::string format_;
  std::vector<message> messages_;
  std::size_t bytes_ = 0;
  std::size_t group_begin_ = 0;
  std::size_t life_begin_ = 0;
  bool several_ = false;
};

}  // namespace roomcast::test::model
