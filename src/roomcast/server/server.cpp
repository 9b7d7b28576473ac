#include "roomcast/server/server.hpp"

#include "roomcast/server/log.hpp"

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

namespace roomcast::server {
namespace {

options with_log(options o) {
  o.log = log;
  return o;
}

}  // namespace

server::server(settings s)
    : settings_(std::move(s)),
      hub_(std::make_shared<hub>(context_.get_executor(), with_log(settings_.chat), lane_threading::one)),
      listener_(*hub_, settings_),
      signals_(context_, SIGINT, SIGTERM, SIGHUP) {}

int server::run() {
  listener_.start();
  wait_for_signal();
  context_.run();
  return EXIT_SUCCESS;
}

void server::wait_for_signal() {
  signals_.async_wait([this](error_code ec, int signal) {
    if (ec) return;
    if (signal == SIGHUP) {
      std::string fault;
      if (const auto level = reread_log_level(settings_, fault))
        set_log_level(*level);
      else
        log(log_level::warning, "the log level stays as it is: " + fault);
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

void server::stop() {
  stopping_ = true;
  log(log_level::info, "stopping");
  hub_->stop(settings_.drain_timeout, [this] {
    listener_.close();
    context_.stop();
  });
}

}  // namespace roomcast::server
