#include "roomcast/server/server.hpp"

#include "roomcast/server/log.hpp"
#include "roomcast/store/sqlite_store.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace roomcast::server {
namespace {

// They do not count for --max-connections: who watches a server that is full has to get in.
constexpr std::size_t admin_connections = 8;

options with_logs(options o, bool access) {
  o.log = log;
  if (access) o.access = log_access;
  return o;
}

// What goes wrong in `read` is told of `option`.
template <class Read>
auto read_for(const char* option, Read read) {
  try {
    return read();
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(std::string{option} + ": " + e.what());
  }
}

std::unique_ptr<api_keys> open_keys(const settings& s) {
  if (s.api_key_file.empty()) return nullptr;
  return read_for("--api-key-file", [&] { return std::make_unique<api_keys>(s.api_key_file); });
}

std::unique_ptr<roomcast::log::store> open_store(const settings& s) {
  if (s.data.empty()) return nullptr;
  const store::sqlite_options o{.retain_messages = s.data_messages, .retain_age = std::chrono::ceil<std::chrono::seconds>(s.data_age)};
  return read_for("--data", [&] { return std::make_unique<store::sqlite_store>(s.data, o, log); });
}

}  // namespace

std::vector<std::unique_ptr<server::context>> server::make_contexts(std::size_t many) {
  std::vector<std::unique_ptr<context>> contexts;
  while (contexts.size() < many) contexts.push_back(std::make_unique<context>());
  return contexts;
}

std::vector<asio::any_io_executor> server::executors_of(const std::vector<std::unique_ptr<context>>& contexts) {
  std::vector<asio::any_io_executor> executors;
  for (const auto& each : contexts) executors.push_back(each->get_executor());
  return executors;
}

server::server(settings s)
    : settings_(std::move(s)),
      keys_(open_keys(settings_)),
      limits_(settings_.max_connections, settings_.max_connections_per_ip),
      admin_limits_(admin_connections, 0),
      contexts_(make_contexts(settings_.threads)),
      hub_(std::make_shared<hub>(executors_of(contexts_), with_logs(settings_.chat, settings_.access_log), lane_threading::one,
                                 std::chrono::steady_clock::now, open_store(settings_))),
      signals_(*contexts_.front(), SIGINT, SIGTERM, SIGHUP),
      watchdog_(*contexts_.front()) {
  listeners_.emplace_back(*hub_, *hub_->home(), settings_, settings_.port, site{settings_.admin_port ? door::chat : door::whole, keys_.get()}, limits_);
  for (std::size_t i = 1; i < contexts_.size(); ++i) listeners_.emplace_back(listeners_.front(), *hub_->lanes()[i]);
  if (settings_.admin_port) admin_listener_.emplace(*hub_, *hub_->home(), settings_, *settings_.admin_port, site{door::admin, keys_.get()}, admin_limits_);
}

// What is left of the connections goes now, while all lanes and all contexts are there: they refer to each other.
server::~server() {
  hub_->end();
  for (const auto& each : contexts_) each->shutdown();
}

std::optional<asio::ip::tcp::endpoint> server::admin_endpoint() const {
  return admin_listener_ ? std::optional{admin_listener_->endpoint()} : std::nullopt;
}

int server::run(std::function<void()> ready) {
  for (listener& each : listeners_) each.start();
  if (admin_listener_) admin_listener_->start();
  wait_for_signal();
  // From within the loop: GCC 12's thread sanitizer loses a signal that comes during a thread's first blocking call.
  asio::post(*contexts_.front(), [this, ready = std::move(ready)] {
    ready();
    manager_.tell("READY=1");
  });
  if (const auto interval = manager_.watchdog()) show_life(*interval);
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < contexts_.size(); ++i) others.emplace_back([&context = *contexts_[i]] { context.run(); });
  contexts_.front()->run();
  return EXIT_SUCCESS;
}

void server::wait_for_signal() {
  signals_.async_wait([this](error_code ec, int signal) {
    if (ec) return;
    if (signal == SIGHUP) {
      reread();
    } else if (stopping_) {
      log(log_level::warning, "stopped at once by a second signal");
      flush_log();
      std::_Exit(EXIT_FAILURE);
    } else {
      stop();
    }
    wait_for_signal();
  });
}

void server::reread() {
  std::string fault;
  if (const auto level = reread_log_level(settings_, fault))
    set_log_level(*level);
  else
    log(log_level::warning, "the log level stays as it is: " + fault);
  if (!keys_) return;
  try {
    keys_->reread();
  } catch (const std::exception& e) {
    log(log_level::warning, std::string{"the API keys stay as they are: "} + e.what());
  }
}

// The question goes from lane to lane: where one hangs, there is no answer, and no sign of life any more.
void server::show_life(std::chrono::microseconds interval) {
  hub_->count([this, interval](const counters&) {
    manager_.tell("WATCHDOG=1");
    asio::post(*contexts_.front(), [this, interval] {
      watchdog_.expires_after(interval);
      watchdog_.async_wait([this, interval](error_code ec) {
        if (!ec) show_life(interval);
      });
    });
  });
}

void server::stop() {
  stopping_ = true;
  manager_.tell("STOPPING=1");
  log(log_level::info, "stopping");
  hub_->stop(settings_.drain_timeout, [this] {
    for (const auto& each : contexts_) each->stop();
  });
}

}  // namespace roomcast::server
