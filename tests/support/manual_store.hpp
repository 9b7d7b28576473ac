#pragma once

#include "roomcast/log/store.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::test {

/// What a `manual_store` stores in. It is there when the store is not any more; the test says when something is stored, and whether.
class manual_disk {
 public:
  struct content {
    std::string epoch;
    std::uint64_t seq = 0;  // that was appended, stored or not
    std::vector<log::record> records;
    std::uint64_t given_up = 0;  // messages up to this one are not among them any more
  };

  /// How many batches wait.
  std::size_t waiting() const { return waiting_.size(); }

  /// The oldest of them is stored, or, with those of its room behind it, is not.
  void store_next(error_code failure = {}) {
    auto batch = std::move(waiting_.front());
    waiting_.pop_front();
    if (!failure) {
      write(rooms[batch.room], *batch.what);
    } else {
      const auto behind = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const auto& b) { return b.room != batch.room; });
      std::move(behind, waiting_.end(), std::back_inserter(failed_));
      waiting_.erase(behind, waiting_.end());
    }
    tell(std::move(batch), failure);
    for (; !failed_.empty(); failed_.pop_front()) tell(std::move(failed_.front()), failure);
  }

  /// Whoever reads waits until then.
  void serve_readers() {
    while (!readers_.empty()) {
      const auto serve = std::move(readers_.front());
      readers_.pop_front();
      serve();
    }
  }

  std::size_t reading() const { return readers_.size(); }

  std::map<std::string, content, std::less<>> rooms;
  bool is_overloaded = false;
  bool holds_readers = false;
  error_code read_failure;
  std::size_t reads = 0;

 private:
  friend class manual_store;

  struct waiting_batch {
    std::string room;
    std::shared_ptr<const log::batch> what;
    log::store::stored done;
  };

  static void tell(waiting_batch b, error_code failure) {
    b.what.reset();
    b.done(failure);
  }

  static void write(content& into, const log::batch& b) {
    for (std::size_t i = 0; i < b.entries.size(); ++i) {
      if (b.entries[i].notice) continue;
      const auto m = b.message(i);
      into.records.push_back({.seq = m.seq, .sender = m.id, .name = std::string{m.name}, .text = std::string{m.text}, .binary = m.binary, .time = m.time});
    }
  }

  std::deque<waiting_batch> waiting_, failed_;
  std::deque<std::function<void()>> readers_;
};

class manual_store final : public log::store {
 public:
  explicit manual_store(std::shared_ptr<manual_disk> d) : disk_(std::move(d)) {
    for (auto& [name, room] : disk_->rooms) room.seq = room.records.empty() ? 0 : room.records.back().seq;
  }
  ~manual_store() override {
    while (disk_->waiting() != 0) disk_->store_next();
    disk_->serve_readers();
  }

  standing open(std::string_view room) override {
    auto& there = disk_->rooms[std::string{room}];
    if (there.epoch.empty()) there.epoch = "epoch-of-" + std::string{room};
    return {there.epoch, there.seq};
  }

  void append(std::string_view room, std::shared_ptr<const log::batch> b, stored done) override {
    if (b->messages != 0) disk_->rooms[std::string{room}].seq = b->last_seq();
    disk_->waiting_.push_back({std::string{room}, std::move(b), std::move(done)});
  }

  void read(std::string_view room, const range& r, found done) override {
    ++disk_->reads;
    disk_->readers_.push_back([this, name = std::string{room}, r, done = std::move(done)] { serve(name, r, done); });
    if (!disk_->holds_readers) disk_->serve_readers();
  }

  bool is_overloaded() const noexcept override { return disk_->is_overloaded; }

  std::uint64_t last_sender() const noexcept override {
    std::uint64_t last = 0;
    for (const auto& [name, room] : disk_->rooms)
      for (const auto& each : room.records) last = std::max(last, each.sender);
    return last;
  }

 private:
  void serve(const std::string& room, const range& r, const found& done) const {
    if (disk_->read_failure) return done(disk_->read_failure, {});
    std::vector<log::record> some;
    std::size_t bytes = 0;
    bool complete = true;
    auto all = disk_->rooms[room].records;
    if (!r.oldest_first) std::reverse(all.begin(), all.end());
    for (auto each = all.begin(); each != all.end() && complete; ++each) {
      if (each->seq <= r.after || each->seq >= r.before || (each->binary && !r.binary)) continue;
      bytes += sizeof(log::record) + each->text.size() + each->name.size();
      if (some.size() == r.limit || (bytes > r.max_bytes && !some.empty()))
        complete = false;
      else
        some.push_back(*each);
    }
    if (!r.oldest_first) std::reverse(some.begin(), some.end());
    done({}, {.records = std::move(some), .complete = complete, .whole = complete && r.after >= disk_->rooms[room].given_up});
  }

  std::shared_ptr<manual_disk> disk_;
};

}  // namespace roomcast::test
