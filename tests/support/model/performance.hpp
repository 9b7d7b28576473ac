#pragma once

#include "actor.hpp"
#include "dice.hpp"
#include "room.hpp"
#include "stage.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace roomcast::test::model {

/// Random acts of random peers on a stage, each held against the model. All chance is the seed's.
class performance {
 public:
  performance(std::uint64_t seed, std::size_t lanes);

  /// Throws `contradiction`.
  void play(int steps);

  /// What it was played with, and the last things that happened.
  std::string story() const;

 private:
  using time = actor::time;

  // acts
  void act();
  void join();
  void say(actor& a);
  void say_alone(actor& a, const std::vector<std::string>& texts);
  void clamour(room& r);
  void speak(actor& a, const std::vector<std::string>& texts, bool is_cut);
  void finish_message(actor& a);
  void leave(actor& a);
  void hold(actor& a);
  void publish();
  void stop();
  void pass(time t);
  void finish();

  // between them
  void note(std::string what);
  void be_polite();
  void order(actor& a, std::string_view text);
  bool is_memory_short() { return stage_.hub().shared().memory.exceeded(); }
  bool may_be_short() const { return options_.memory_budget < 1u << 30; }
  std::string some_text(std::size_t longest);
  std::string text(std::size_t size);
  bool has_spoken(const actor& a) const;
  void make_way(const actor& a, std::size_t bytes);
  bool has_several_lanes() const { return stage_.hub().lanes().size() > 1; }
  void keep_order();
  void settle();
  void look();
  void count(std::size_t members);

  room& some_room() { return rooms_[dice_.below(rooms_.size())]; }
  std::size_t members_of(const room& r) const;

  dice dice_;
  const options options_;
  stage stage_;
  std::deque<room> rooms_;
  std::list<actor> actors_;
  std::size_t next_user_ = 0;
  std::size_t next_text_ = 0;
  std::vector<const actor*> speakers_;  // since the last settling
  std::size_t pending_ = 0;             // bytes, said since then
  std::uint64_t slow_readers_ = 0;
  std::uint64_t shed_ = 0;
  time now_{0};
  std::shared_ptr<bool> stopped_;
  time stop_deadline_{0};
  std::size_t step_ = 0;
  std::deque<std::string> notes_;
};

}  // namespace roomcast::test::model
