#include "roomcast/command/commands.hpp"
#include "roomcast/server/log.hpp"
#include "roomcast/server/server.hpp"
#include "roomcast/server/settings.hpp"

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace roomcast::command {

int serve(words w) {
  int exit_status = EXIT_SUCCESS;
  auto settings = server::read_settings(static_cast<int>(w.size()), w.data(), exit_status);
  if (!settings) return exit_status;
  server::set_log_level(settings->level);
  const auto where = fmt::format("{} port {}", settings->address, settings->port);
  try {
    server::server instance{std::move(*settings)};
    return instance.run([&] {
      const auto at = instance.endpoint();
      const auto address = at.address().to_string();
      fmt::print("roomcast listening on {}:{}\n", at.address().is_v6() ? "[" + address + "]" : address, at.port());
      std::fflush(stdout);
    });
  } catch (const boost::system::system_error& e) {
    fmt::print(stderr, "roomcast: cannot listen on {}: {}\n", where, e.code().message());
    return EXIT_FAILURE;
  } catch (const std::runtime_error& e) {
    fmt::print(stderr, "roomcast: --data: {}\n", e.what());
    return EXIT_FAILURE;
  }
}

}  // namespace roomcast::command
