#include "roomcast/store/sqlite_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace roomcast::store {
namespace {

using clock = std::chrono::steady_clock;

// Of batches in one transaction: a long queue is told of its progress.
constexpr std::size_t max_transaction_bytes = std::size_t{4} << 20;

// For readers between two transactions.
constexpr std::chrono::milliseconds max_reading{10};

// Messages given up in one transaction.
constexpr std::size_t max_trimmed = 256;

constexpr std::chrono::seconds complaint_interval{10};

}  // namespace

sqlite_store::sqlite_store(std::filesystem::path file, const sqlite_options& o, log_function log)
    : file_(std::move(file)),
      log_(std::move(log)),
      max_queue_bytes_(o.max_queue_bytes),
      db_(open_data_file(file_, log_, [this](database& db) { load(db); })),
      tables_(db_),
      retention_(o.retain_messages, o.retain_age),
      writer_([this] { work(); }) {}

sqlite_store::~sqlite_store() {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  wake_.notify_one();
  writer_.join();
}

void sqlite_store::load(database& db) {
  rooms_ = room_index{};
  tables::load(db, rooms_);
  last_sender_ = tables{db}.last_sender();
}

log::store::standing sqlite_store::open(std::string_view room) {
  const std::lock_guard lock{mutex_};
  if (const stored_room* const known = rooms_.find(room)) return {known->epoch, known->seq};
  return {rooms_.new_epoch(room), 0};
}

void sqlite_store::append(std::string_view room, std::shared_ptr<const log::batch> b, stored done) {
  const std::size_t bytes = log::weight_of(*b);
  {
    const std::lock_guard lock{mutex_};
    stored_room& r = rooms_.get(room);
    if (b->messages != 0) r.seq = b->last_seq();
    batches_.push_back({&r, std::move(b), std::move(done), bytes});
    waiting_bytes_ += bytes;
  }
  wake_.notify_one();
}

void sqlite_store::read(std::string_view room, const range& r, found done) {
  {
    const std::lock_guard lock{mutex_};
    readers_.push_back({rooms_.find(room), r, std::move(done)});
  }
  wake_.notify_one();
}

void sqlite_store::work() noexcept {
  while (wait_for_work()) {
    serve_readers();
    const auto added = write_next();
    checkpoint();
    trim(added);
  }
  if (is_damaged_) return;  // so that it is checked at the next start
  try {
    db_.sync_commits(true);
    close_data_file(db_);
  } catch (const std::exception& failure) {
    complain("be closed", failure);
  }
}

// Returns whether there is something, or will be.
bool sqlite_store::wait_for_work() {
  std::unique_lock lock{mutex_};
  const auto has_come = [&] { return is_ending_ || !batches_.empty() || !readers_.empty(); };
  if (const auto next = retention_.next())
    wake_.wait_until(lock, *next, has_come);
  else
    wake_.wait(lock, has_come);
  return !is_ending_ || !batches_.empty() || !readers_.empty();
}

void sqlite_store::serve_readers() {
  const auto end = clock::now() + max_reading;
  do {
    readers next;
    {
      const std::lock_guard lock{mutex_};
      if (readers_.empty()) return;
      next.splice(next.end(), readers_, readers_.begin());
    }
    serve(next.front());
  } while (clock::now() < end);
}

void sqlite_store::serve(waiting_reader& r) {
  excerpt answer{.records = {}, .complete = true, .whole = true};
  error_code ec;
  try {
    if (r.room) {
      auto which = r.which;
      const auto surplus = retention_.surplus_of(*r.room);
      const auto given_up = std::max(r.room->given_up, surplus == 0 ? 0 : tables_.nth(*r.room, surplus));
      which.after = std::max(which.after, given_up);
      answer = tables_.read(*r.room, which, retention_.oldest());
      answer.whole = answer.whole && r.which.after >= given_up;
    }
  } catch (const std::exception& failure) {
    ec = complain("be read", failure);
    answer = {};
  }
  r.done(ec, std::move(answer));
}

// Returns how many messages were stored.
std::uint64_t sqlite_store::write_next() {
  batches all = take_batches();
  if (all.empty()) return 0;
  std::uint64_t added = 0;
  const error_code ec = commit(all);
  if (ec) take_those_behind(all);
  std::size_t bytes = 0;
  for (auto& each : all) {
    bytes += each.bytes;
    if (!ec) {
      each.room->messages += each.batch->messages;
      added += each.batch->messages;
      retention_.grew(*each.room);
    }
  }
  waiting_bytes_ -= bytes;
  for (; !all.empty(); all.pop_front()) {
    all.front().batch.reset();
    all.front().done(ec);
  }
  return added;
}

sqlite_store::batches sqlite_store::take_batches() {
  batches taken;
  const std::lock_guard lock{mutex_};
  for (std::size_t bytes = 0; !batches_.empty() && bytes < max_transaction_bytes; bytes += taken.back().bytes)
    taken.splice(taken.end(), batches_, batches_.begin());
  return taken;
}

error_code sqlite_store::commit(const batches& all) {
  if (std::all_of(all.begin(), all.end(), [](auto& each) { return each.batch->messages == 0; })) return {};
  try {
    db_.sync_commits(true);
    transaction t{db_};
    const auto last_sender = insert(all);
    if (last_sender > last_sender_) tables_.note_last_sender(last_sender);
    t.commit();
    last_sender_ = std::max<std::uint64_t>(last_sender_, last_sender);
    return {};
  } catch (const std::exception& failure) {
    return complain("be written", failure);
  }
}

// Returns the largest id of a sender.
std::uint64_t sqlite_store::insert(const batches& all) {
  std::uint64_t last_sender = 0;
  for (const auto& [room, batch, done, bytes] : all) {
    if (batch->messages == 0) continue;
    for (std::size_t i = 0; i < batch->entries.size(); ++i) {
      if (batch->entries[i].notice) continue;
      const auto m = batch->message(i);
      tables_.add(*room, m);
      last_sender = std::max(last_sender, m.id);
    }
    tables_.note(*room, batch->last_seq(), batch->messages);
  }
  return last_sender;
}

// A room's batches are stored without a hole.
void sqlite_store::take_those_behind(batches& failed) {
  for (auto& each : failed) each.room->has_failed = true;
  {
    const std::lock_guard lock{mutex_};
    for (auto at = batches_.begin(); at != batches_.end();) {
      const auto next = std::next(at);
      if (at->room->has_failed) failed.splice(failed.end(), batches_, at);
      at = next;
    }
  }
  for (auto& each : failed) each.room->has_failed = false;
}

void sqlite_store::checkpoint() noexcept {
  try {
    db_.checkpoint();
  } catch (const std::exception& failure) {
    complain("be written", failure);
  }
}

void sqlite_store::trim(std::uint64_t just_added) noexcept {
  stored_room* first;
  {
    const std::lock_guard lock{mutex_};
    first = rooms_.first();
  }
  const auto now = clock::now();
  retention_.look_around(first, now);
  try {
    // More than is added, so that it comes to an end.
    for (std::uint64_t left = max_trimmed + 2 * just_added; left > 0 && retention_.is_due(now);) {
      db_.sync_commits(false);  // what is lost of it is given up anew
      const auto trimmed = retention_.step(db_, tables_, max_trimmed);
      left -= std::min<std::uint64_t>(left, std::max<std::size_t>(trimmed, 1));
    }
  } catch (const std::exception& failure) {
    retention_.rest(now);
    complain("be trimmed", failure);
  }
}

error_code sqlite_store::complain(std::string_view of_what, const std::exception& failure) noexcept try {
  const auto* const known = dynamic_cast<const sqlite_failure*>(&failure);
  is_damaged_ = is_damaged_ || (known && known->is_damage());
  if (const auto now = clock::now(); log_ && now >= next_complaint_) {
    next_complaint_ = now + complaint_interval;
    log_(log_level::error, fmt::format("{} cannot {}: {}", file_.native(), of_what, failure.what()));
  }
  return known ? known->reason() : boost::system::errc::make_error_code(boost::system::errc::not_enough_memory);
} catch (const std::exception&) {
  return boost::system::errc::make_error_code(boost::system::errc::not_enough_memory);
}

}  // namespace roomcast::store
