#pragma once

#include "roomcast/client/client.hpp"
#include "roomcast/client/url.hpp"
#include "roomcast/script/json_pattern.hpp"
#include "roomcast/script/script.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace roomcast::script {

/// What a script cannot do by itself to the server it runs against, where that is its own.
class server_control {
 public:
  virtual ~server_control() = default;
  virtual void stop() = 0;

  /// The exit status, once it has ended.
  virtual std::optional<int> status() = 0;
};

/// Why a script failed.
struct failure {
  std::size_t line = 0;
  std::string expected, came;
};

/// Plays one script, on the caller's thread, against the server at `base`.
class runner {
 public:
  /// `control` is null where the server is somebody else's.
  runner(const script& s, client::url base, server_control* control);
  ~runner();

  /// Nothing where every step went as written.
  std::optional<failure> run();

 private:
  struct actor;

  void play(const step& s, std::size_t index);
  void play_one(const step& s, actor& a, std::size_t index);
  void connect(const step& s, actor& a);
  void await_opened(const step& s, actor& a, std::size_t index);
  void receive(const step& s, actor& a);
  void expect_nothing(const step& s, actor& a);
  void send(const step& s, actor& a);
  void expect_end(const step& s, actor& a);
  void control(const step& s);
  actor& actor_of(const step& s, std::size_t number = 0);
  std::vector<actor*> actors_of(const step& s);
  bool next_step_is(step::verb what, const step& s, std::size_t index) const;
  std::string substituted(const std::string& text) const;

  /// Lets the clients work until `holds`, or the deadline; tells which.
  bool wait(const std::function<bool()>& holds, std::chrono::steady_clock::time_point deadline);

  const script& script_;
  const client::url base_;
  server_control* const control_;
  boost::asio::io_context context_;
  std::map<std::string, std::unique_ptr<actor>> actors_;
  std::deque<std::unique_ptr<actor>> crowd_;
  variables variables_;
};

}  // namespace roomcast::script
