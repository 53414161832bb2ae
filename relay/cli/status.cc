#include "relay/cli/status.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "relay/cli/admin_options.h"
#include "relay/cli/clocks.h"
#include "relay/cli/status_text.h"

namespace forebay {

int status_main(int argc, char** argv) {
  AdminOptions options;
  bool json = false;
  CLI::App app("What waits in a relay, how its sinks are, and why it is not ready if it is not.", "forebay status");
  add_admin_options(app, &options);
  app.add_flag("--json", json, "print what the admin door answers");
  app.footer("Exit: 0 told, 1 the relay could not be asked, 2 usage.");
  if (const auto over = parse_arguments(app, argc, argv)) return *over;
  int exit_status = 0;
  const auto place = admin_place("status", options, &exit_status);
  if (!place) return exit_status;
  AdminClient client(*place);
  const AdminReply reply = client.call("GET", "/v1/status");
  if (!reply.ok()) return fail_command("status", reply.error, 1);
  const auto status = read_status(reply.body);
  if (!status) return fail_command("status", "what answers at " + place->url + " is not an admin door of Forebay", 1);
  const std::string text = json ? reply.body : status_text(*status, place->url, wall_now());
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace forebay
