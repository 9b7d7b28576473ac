#include "roomcast/command/commands.hpp"
#include "roomcast/escape.hpp"
#include "roomcast/server/log.hpp"
#include "roomcast/server/server.hpp"
#include "roomcast/server/settings.hpp"

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

namespace roomcast::command {
namespace {

std::string in_words(const boost::asio::ip::tcp::endpoint& at) {
  const auto address = at.address().to_string();
  return fmt::format("{}:{}", at.address().is_v6() ? "[" + address + "]" : address, at.port());
}

}  // namespace

int serve(words w) {
  int exit_status = EXIT_SUCCESS;
  auto settings = server::read_settings(static_cast<int>(w.size()), w.data(), exit_status);
  if (!settings) return exit_status;
  server::set_log_level(settings->level);
  server::set_log_format(settings->format);
  auto where = fmt::format("{} port {}", settings->address, settings->port);
  if (settings->admin_port) where += fmt::format(" and {}", *settings->admin_port);
  try {
    server::server instance{std::move(*settings)};
    return instance.run([&] {
      fmt::print("roomcast listening on {}\n", in_words(instance.endpoint()));
      if (const auto at = instance.admin_endpoint()) fmt::print("roomcast admin port on {}\n", in_words(*at));
      std::fflush(stdout);
    });
  } catch (const boost::system::system_error& e) {
    fmt::print(stderr, "roomcast: cannot listen on {}: {}\n", where, e.code().message());
    return EXIT_FAILURE;
  } catch (const std::runtime_error& e) {
    fmt::print(stderr, "roomcast: {}\n", escape(e.what()));
    return EXIT_FAILURE;
  }
}

}  // namespace roomcast::command
