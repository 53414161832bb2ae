#include "relay/cli/pause.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "relay/cli/admin_options.h"
#include "relay/cli/plain_text.h"

namespace forebay {
namespace {

struct Arguments {
  AdminOptions admin;
  std::string queue;  // of classes and keys
  std::vector<std::string> names;
};

// "/v1/queues/sms/classes/otp:pause"
std::string path_of(const std::string& kind, const std::string& queue, const std::string& name,
                    const std::string& verb) {
  if (kind == "queue") return admin_path({"v1", "queues", name}) + ":" + verb;
  if (kind == "sink") return admin_path({"v1", "sinks", name}) + ":" + verb;
  return admin_path({"v1", "queues", queue, kind == "class" ? "classes" : "keys", name}) + ":" + verb;
}

// Each by itself: one that is refused keeps none of the others from it.
int change_all(const Arguments& arguments, const std::string& verb, const std::string& kind) {
  int status = 0;
  const auto place = admin_place(verb, arguments.admin, &status);
  if (!place) return status;
  AdminClient client(*place);
  for (const std::string& name : arguments.names) {
    const AdminReply reply = client.call("POST", path_of(kind, arguments.queue, name, verb));
    const std::string shown = kind + " " + plain_text(name);
    if (!reply.ok()) {
      status = fail_command(verb, shown + ": " + reply.error, 1);
      if (reply.status == 0 || reply.status == 401) break;  // it would be the same with the others
      continue;
    }
    std::printf("%s: %s\n", shown.c_str(), verb == "pause" ? "paused" : "resumed");
  }
  return status;
}

int command(int argc, char** argv, const std::string& verb) {
  const bool pauses = verb == "pause";
  Arguments arguments;
  CLI::App app(pauses ? "Keeps queues, sinks, classes or keys from sending, until they are resumed; over restarts, too."
                      : "Lets what was paused send again.",
               "forebay " + verb);
  app.require_subcommand(1);
  app.fallthrough();
  add_admin_options(app, &arguments.admin);
  const auto add = [&](const std::string& kind, const std::string& what, bool of_queue) {
    CLI::App* sub = app.add_subcommand(kind, what);
    if (of_queue) sub->add_option("--queue", arguments.queue, "their queue")->required();
    sub->add_option("names", arguments.names, "which")->required()->option_text("NAME ...");
    add_admin_options(*sub, &arguments.admin);
  };
  add("queue", "whole queues", false);
  add("sink", "sinks, with all that goes into them", false);
  add("class", "classes of a queue", true);
  add("key", "keys of a queue", true);
  app.footer("Exit: 0 done, 1 something was refused, 2 usage.");
  if (const auto over = parse_arguments(app, argc, argv)) return *over;
  return change_all(arguments, verb, app.get_subcommands().front()->get_name());
}

}  // namespace

int pause_main(int argc, char** argv) {
  return command(argc, argv, "pause");
}

int resume_main(int argc, char** argv) {
  return command(argc, argv, "resume");
}

}  // namespace forebay
