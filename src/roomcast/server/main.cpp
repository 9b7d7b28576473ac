#include "roomcast/server/log.hpp"
#include "roomcast/server/server.hpp"
#include "roomcast/server/settings.hpp"

#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

int main(int argc, char** argv) {
  namespace server = roomcast::server;
  int exit_status = EXIT_SUCCESS;
  auto settings = server::read_settings(argc, argv, exit_status);
  if (!settings) return exit_status;
  server::set_log_level(settings->level);
  const auto where = fmt::format("{} port {}", settings->address, settings->port);
  try {
    server::server instance{std::move(*settings)};
    const auto at = instance.endpoint();
    const auto address = at.address().to_string();
    fmt::print("roomcast listening on {}:{}\n", at.address().is_v6() ? "[" + address + "]" : address, at.port());
    std::fflush(stdout);
    return instance.run();
  } catch (const boost::system::system_error& e) {
    fmt::print(stderr, "roomcast: cannot listen on {}: {}\n", where, e.code().message());
    return EXIT_FAILURE;
  }
}
