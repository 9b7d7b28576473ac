// One peer that does whatever the input says, beside a bystander in the same room who must not notice.

#include "check.hpp"
#include "reference.hpp"
#include "session_input.hpp"

#include "stage.hpp"

#include "roomcast/server/http_session.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace roomcast;
using namespace std::chrono_literals;
using fuzz::action;
using fuzz::check;

namespace {

constexpr auto unlimited = static_cast<std::size_t>(-1);

constexpr auto remembered = 100ms;

// The first byte of the input.
struct setup {
  explicit setup(unsigned bits)
      : is_member(bits & 1), echo(!(bits & 2)), skips(bits & 4), is_small(bits & 8), has_long_name(bits & 16), has_binary(bits & 32),
        is_paced(bits & 64), is_short_of_memory(bits & 128) {}

  options make_options() const {
    options o;
    o.echo = echo;
    o.slow_reader = skips ? slow_reader_policy::skip : slow_reader_policy::close;
    o.ping_interval = o.message_timeout = o.send_timeout = 3s;
    o.pong_timeout = o.close_timeout = 1s;
    o.memory_budget = 1 << (is_short_of_memory ? 20 : 30);
    o.retain_age = remembered;
    o.presence_limit = is_small ? 1 : 1000;
    if (has_binary) o.binary = binary_policy::relay;
    if (is_paced) {
      o.rate = 20;
      o.burst = 5;
    }
    if (is_short_of_memory) o.max_lag = 4 << 20;
    if (!is_small) return o;
    o.max_message_size = 130;
    o.max_fragments = 4;
    o.max_control_rate = 3;
    o.max_rooms = 1;
    o.max_members = 2;
    if (!is_short_of_memory) o.max_lag = 1500;
    return o;
  }

  fuzz::client_stream::limits limits() const {
    const auto o = make_options();
    return {o.max_message_size, o.max_fragments, has_binary};
  }

  std::string name() const {
    std::string name = "eve";
    for (int i = 0; i < 29 && has_long_name; ++i) name += "\xf0\x9f\x98\x80";
    return name;
  }

  bool is_member;  // the handshake has been done for it
  bool echo, skips, is_small, has_long_name, has_binary, is_paced, is_short_of_memory;
};

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
  }
  return out;
}

std::string upgrade(const std::string& target) {
  return "GET " + target +
         " HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

// What a peer has heard, from bytes that come in pieces.
struct hearing {
  void hear(std::string_view bytes) {
    unread += bytes;
    std::string_view rest = unread;
    while (auto frame = fuzz::take_server_frame(rest)) {
      check(close_code == 0, "nothing comes after a Close");
      if (frame->opcode <= 2) messages.push_back({frame->opcode == 2, std::move(frame->payload)});
      if (frame->opcode == 8) close_code = static_cast<unsigned char>(frame->payload.at(0)) * 256u + static_cast<unsigned char>(frame->payload.at(1));
      pinged = pinged || frame->opcode == 9;
    }
    unread.erase(0, unread.size() - rest.size());
  }

  std::string unread;
  std::vector<fuzz::message> messages;
  unsigned close_code = 0;
  bool pinged = false;
};

class scene {
 public:
  explicit scene(const setup& s) : setup_(s), stage_(s.make_options()), expected_(s.limits()) {
    auto io = std::make_unique<test::memory_transport>(pipe_, stage_.hub().home()->executor());
    auto c = std::make_shared<connection>(stage_.hub().home(), std::move(io));
    stage_.hub().start(*stage_.hub().home(), server::serve_http(std::move(c), 2s), [this] { over_ = true; });
    stage_.settle();
    if (!setup_.is_member) return;
    eve_.send(upgrade("/chat?name=" + percent_encoded(setup_.name())));
    const auto answer = eve_.take();
    check(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\n"), "a valid request is answered with 101");
  }

  void play(const std::vector<action>& actions) {
    for (const auto& each : actions) {
      perform(each);
      if (window_ == unlimited) hear_eve();
      hear_bob();
    }
    check(!bob_.is_gone() || bob_left_, "a bystander is not dropped");
  }

  void finish() {
    eve_.set_window(window_ = unlimited);
    hear_bob();
    wait_for_held_back();
    hear_eve();
    if (setup_.is_member)
      judge();
    else
      check(std::string_view{"HTTP/1.1 "}.starts_with(answers_.substr(0, 9)), "an answer begins with its status");
    eve_.reset();
    wait_for_held_back();
    check(over_ && eve_.is_gone(), "a session ends with its peer");
    forget();
    if (stopped_) {
      stage_.pass(200ms);
      check(*stopped_, "stopping ends with the last session");
    } else {
      check(stage_.count().sessions == 1 && stage_.count().members == 1 && stage_.count().rooms == 1, "a peer leaves nothing behind");
      speak();
      hear_bob();
      check(bob_heard_.messages.size() >= said_ || !setup_.echo, "who speaks is heard");
      bob_.reset();
      forget();
    }
    check(stage_.count().sessions == 0 && stage_.count().members == 0 && stage_.count().rooms == 0, "nothing is left at the end");
  }

 private:
  void perform(const action& a) {
    switch (a.what) {
      case action::kind::send: send(a.bytes, a.number); break;
      case action::kind::pass: pass(a.number); break;
      case action::kind::narrow: eve_.set_window(window_ = a.number == 255 ? unlimited : a.number); break;
      case action::kind::read: hear_eve(); break;
      case action::kind::speak: speak(); break;
      case action::kind::end:
        ended_ = true;
        eve_.end();
        break;
      case action::kind::stop:
        if (!stopped_) stopped_ = stage_.stop(2s);
        break;
    }
  }

  void send(std::string_view bytes, std::size_t piece) {
    if (ended_) return;
    expected_.feed(bytes);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) eve_.send(bytes.substr(0, piece));
  }

  void pass(std::size_t ticks) {
    for (; ticks > 0 && ticks_left_ > 0; --ticks, --ticks_left_) tick();
  }

  void tick() {
    stage_.pass(timer_wheel::tick);
    may_speak_ = true;
    hear_bob();
  }

  // Until what came faster than the rate has been read, or has been too much for too long.
  void wait_for_held_back() {
    for (int ticks = setup_.is_paced ? 240 : 0; ticks > 0; --ticks) tick();
  }

  // What the rooms remember.
  void forget() { stage_.pass(2 * remembered); }

  std::string words_of_bob(std::size_t number) const {
    constexpr std::size_t filler = 60'000;  // a dozen and a half of them are the budget
    return std::to_string(number) + std::string(setup_.is_short_of_memory && !setup_.is_small ? filler : 0, '.');
  }

  void speak() {
    constexpr std::size_t most_long_words = 40;
    if (setup_.is_short_of_memory && said_ == most_long_words) return;
    if (stopped_ || (setup_.is_paced && !std::exchange(may_speak_, false))) return;
    bob_.send(fuzz::client_frame(0x81, words_of_bob(said_++)));
  }

  void hear_bob() {
    if (bob_.pipe().from_server.empty()) return;
    bob_heard_.hear(bob_.take());
    if (std::exchange(bob_heard_.pinged, false)) bob_.send(fuzz::client_frame(0x8a, {}));
    if (bob_heard_.close_code != 0 && !bob_left_) {
      check(stopped_ && bob_heard_.close_code == 1012, "a bystander stays, unless the server stops");
      bob_left_ = true;
      bob_.end();
    }
  }

  void hear_eve() {
    const auto bytes = eve_.take();
    if (setup_.is_member)
      eve_heard_.hear(bytes);
    else
      answers_ += bytes;
  }

  // Whether eve has been parted for something that her bytes alone do not tell: time, rates, lag, a stop.
  bool was_disturbed() const {
    const auto code = eve_heard_.close_code;
    return code == 1008 || code == 1012 || code == 1013 || code == 4008 || (code == 0 && eve_.is_gone());
  }

  void judge() {
    check(eve_.is_gone() || eve_heard_.unread.empty(), "a frame that has begun is finished");
    judge_messages();
    const auto code = eve_heard_.close_code;
    if (was_disturbed()) return;
    if (expected_.code() != 0)
      check(code == expected_.code() || (code == 0 && !expected_.is_certain()), "a stream is closed with the code that it must be closed with");
    else
      check(code == 0 || code == 1000 || (code == 1007 && expected_.has_invalid_rest()), "nobody is closed for a valid stream");
  }

  void judge_messages() {
    std::vector<fuzz::message> from_eve;
    const std::string label = "[" + setup_.name() + "] ";
    std::size_t from_bob = 0;
    for (const auto& each : bob_heard_.messages) {
      if (each.binary)
        from_eve.push_back(each);
      else if (each.bytes.starts_with(label))
        from_eve.push_back({false, each.bytes.substr(label.size())});
      else
        check(setup_.echo && each.bytes == "[bob] " + words_of_bob(from_bob++), "messages come in their order, under their sender's name");
    }
    const auto& sent = expected_.messages();
    check(from_eve.size() <= sent.size() && std::equal(from_eve.begin(), from_eve.end(), sent.begin()), "only what was sent is relayed");
    check(was_disturbed() || from_eve.size() == sent.size(), "all that was sent is relayed");
    check(from_bob == (setup_.echo ? said_ : 0), "what the bystander says is relayed");
    judge_order();
  }

  // What the two hear is the same, but for what eve has missed.
  void judge_order() {
    if (!setup_.echo) return;
    auto at = bob_heard_.messages.begin();
    for (const auto& each : eve_heard_.messages) {
      const auto found = std::find(at, bob_heard_.messages.end(), each);
      check(found != bob_heard_.messages.end(), "all hear the same order");
      check(setup_.skips || found == at, "nothing is left out");
      at = found + 1;
    }
  }

  const setup setup_;
  test::stage stage_;
  fuzz::client_stream expected_;
  test::peer bob_ = stage_.join("/chat?name=bob");
  std::shared_ptr<test::memory_pipe> pipe_ = std::make_shared<test::memory_pipe>();
  test::peer eve_{stage_, *stage_.hub().home(), pipe_};
  hearing bob_heard_, eve_heard_;
  std::string answers_;  // to requests of eve's own
  std::size_t window_ = unlimited;
  std::size_t ticks_left_ = 300;
  std::size_t said_ = 0;
  std::shared_ptr<bool> stopped_;
  bool may_speak_ = true;
  bool over_ = false, ended_ = false, bob_left_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  scene scene{setup{data[0]}};
  scene.play(fuzz::read_actions(input.substr(1)));
  scene.finish();
  return 0;
}
