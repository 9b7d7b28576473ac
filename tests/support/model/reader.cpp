#include "reader.hpp"

#include "roomcast/wire/close_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace roomcast::test::model {
namespace {

using namespace std::chrono_literals;

// How much later than its time a deadline may fire: a tick for a ping, one for its answer, and the clock's own.
constexpr auto slack = 200ms;

constexpr auto everything = std::numeric_limits<std::size_t>::max();

template <class... Args>
void require(bool holds, fmt::format_string<Args...> otherwise, Args&&... args) {
  if (!holds) throw contradiction(fmt::format(otherwise, std::forward<Args>(args)...));
}

std::string_view beginning(std::string_view text) { return text.substr(0, text.find("é")); }

}  // namespace

reader::reader(const room& r, std::uint64_t id, const options& o, time now)
    : room_(r), options_(o), id_(id), next_(r.size()), last_(everything), heard_(now), progress_(now), waiting_(now) {}

void reader::speaks(time now) {
  if (is_member()) heard_ = now;
}

void reader::begins_message(time now) {
  if (is_member()) message_ = now;
}

void reader::finishes_message() {
  if (is_member()) message_.reset();
}

void reader::closes(unsigned code) {
  if (is_member()) close_ = code;
}

// What is heard.

std::size_t reader::next_due(std::size_t from) const {
  while (from < room_.size() && !options_.echo && room_[from].sender == id_) ++from;
  return from;
}

void reader::hears(std::string_view text) {
  require(!closed_, "{} hears \"{}\" after its Close", id_, beginning(text));
  std::size_t at = next_due(next_);
  while (at < skippable_ && at < room_.size() && room_[at].text != text) at = next_due(at + 1);
  require(at < room_.size() && room_[at].text == text, "{} hears \"{}\", but \"{}\" is next", id_, beginning(text),
          at < room_.size() ? beginning(room_[at].text) : "(nothing)");
  require(at < last_, "{} hears \"{}\" after its last message", id_, beginning(text));
  next_ = at + 1;
}

void reader::hears_close(unsigned code, time now) {
  require(!closed_ && may_be_closed(code, now), "{} is closed with {}", id_, code);
  closed_ = true;
}

void reader::is_dismissed(time deadline) {
  stop_ = deadline;
  if (!is_member()) return;
  is_dismissed_ = true;
  last_ = room_.size();
}

void reader::may_be_shed() {
  may_be_shed_ = may_be_slow_ = true;
  if (options_.slow_reader == slow_reader_policy::skip && is_member() && room_.size() != 0) skippable_ = room_.size() - 1;
}

bool reader::is_offered() {
  if (left_) return false;
  const std::size_t newest = room_.last_batch();
  if (newest == room_.size()) return false;
  if (room_.most_weight(next_, newest) > options_.max_lag) {
    may_be_slow_ = true;
    if (options_.slow_reader == slow_reader_policy::skip) skippable_ = newest;
  }
  const bool too_slow = room_.least_weight(next_due(stands_at()), room_.group_begin()) > options_.max_lag;
  must_be_slow_ = must_be_slow_ || too_slow;
  return too_slow;
}

// Why it may be parted from, and must be.

bool reader::is_silent_for(time t, time now) const {
  return now >= heard_ + options_.ping_interval + options_.pong_timeout + t;
}

bool reader::may_be_dropped(time now) const {
  return ends_ || resets_ || may_be_shed_ || is_silent_for(0ms, now) || is_stuck_since(progress_, now) ||
         (left_ && now >= *left_ + options_.close_timeout) || (stop_ && now >= *stop_);
}

bool reader::must_be_dropped(time now) const {
  if (left_ && now >= *left_ + options_.close_timeout + slack) return true;
  if (stop_ && now >= *stop_ + slack) return true;
  return is_member() && (is_silent_for(slack, now) || is_stuck_since(waiting_ + slack, now));
}

bool reader::may_be_closed(unsigned code, time now) const {
  if (close_ && *close_ == code) return true;
  switch (code) {
    case wire::close_code::slow_reader: return may_be_slow_ && options_.slow_reader == slow_reader_policy::close;
    case wire::close_code::try_again_later: return may_be_shed_;
    case wire::close_code::policy_violation: return message_ && now >= *message_ + options_.message_timeout;
    case wire::close_code::service_restart: return is_dismissed_ && next_due(stands_at()) >= last_;
    default: return false;
  }
}

bool reader::must_leave(time now) const {
  return close_ || ends_ || resets_ || is_dismissed_ || (must_be_slow_ && options_.slow_reader == slow_reader_policy::close) ||
         (message_ && now >= *message_ + options_.message_timeout + slack) || must_be_dropped(now);
}

void reader::leaves(time now) {
  const bool allowed = close_ || is_dismissed_ || may_be_dropped(now) || may_be_closed(wire::close_code::slow_reader, now) ||
                       may_be_closed(wire::close_code::policy_violation, now);
  require(allowed, "{} is cut off for no reason", id_);
  left_ = now;
  // At most what is half sent; a Close of its own is answered after what was said before it.
  if (!is_dismissed_ && !close_) last_ = next_due(stands_at()) + 1;
}

void reader::settles(const view& seen, bool complete, time now) {
  if (gone_) return;
  if (is_member() && !seen.is_member) leaves(now);
  require(is_member() || !seen.is_member, "{} is a member again", id_);
  require(!seen.is_member || !must_leave(now), "{} should have been cut off", id_);

  const bool caught_up = next_due(stands_at()) >= std::min(last_, room_.size());
  if (seen.has_space || caught_up) waiting_ = now;
  if (seen.has_space) progress_ = now;
  const bool alive = !ends_ && !resets_ && !seen.is_gone;
  if (is_member() && seen.has_space) {
    require(next_due(stands_at()) == room_.size(), "{} lacks what comes after message {}", id_, next_);
    next_ = room_.size();
  }
  if (alive && !is_member() && seen.has_space) require(closed_, "{} has left and has no Close", id_);
  if (seen.has_ended) require(complete && (closed_ || ends_), "{} sees the end in the middle of a frame, or without a Close", id_);
  if (seen.is_gone) require(may_be_dropped(now), "{} is dropped for no reason", id_);
  require(seen.is_gone || !(resets_ || (ends_ && seen.has_space) || must_be_dropped(now)), "{} should be gone", id_);
  gone_ = seen.is_gone;
  if (is_member()) may_be_slow_ = must_be_slow_ = may_be_shed_ = false;  // this time
}

}  // namespace roomcast::test::model
