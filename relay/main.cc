// forebay: one binary, a table of commands.
#include <spdlog/cfg/env.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstring>

#include "relay/cli/commands.h"
#include "relay/version.h"

namespace {

struct Command {
  const char* name;
  int (*run)(int argc, char** argv);
  const char* what;
};

constexpr Command commands[] = {
    {"serve", forebay::serve_main, "run the relay: -c forebay.yaml"},
    {"check", forebay::check_main, "check a configuration file: -c forebay.yaml"},
    {"plan", forebay::plan_main, "ask before changing a limit: what becomes of a burst or a trace"},
    {"send", forebay::send_main, "send a burst of messages to a relay"},
    {"status", forebay::status_main, "what waits in a relay, and how its sinks are"},
    {"top", forebay::top_main, "the same, live"},
    {"pause", forebay::pause_main, "keep queues, sinks, classes or keys from sending"},
    {"resume", forebay::resume_main, "let them send again"},
    {"dead", forebay::dead_main, "list, show, replay or purge dead letters"},
    {"gateway", forebay::gateway_main, "a mock SMS gateway that keeps score"},
    {"journal", forebay::journal_main, "verify or describe a data_dir, offline: verify|stat DIR"},
    {"demo", forebay::demo_main, "a relay, a gateway and a burst between them, with a verdict"},
};

int usage(std::FILE* out) {
  std::fprintf(out,
               "forebay %s: takes a burst at once, durably; drains it at the rate that the downstream stands.\n\n"
               "usage: forebay COMMAND [OPTIONS]\n\n",
               forebay::version);
  for (const Command& command : commands) {
    std::fprintf(out, "  %-8s  %s\n", command.name, command.what);
  }
  std::fprintf(out,
               "\n`forebay COMMAND --help` tells the options. Exit status: 0 done, 1 refused or failed, 2 usage.\n");
  return out == stdout ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("forebay"));
  spdlog::cfg::load_env_levels();  // SPDLOG_LEVEL=debug
  if (argc < 2) return usage(stderr);
  const char* word = argv[1];
  if (std::strcmp(word, "--help") == 0 || std::strcmp(word, "-h") == 0 || std::strcmp(word, "help") == 0) {
    return usage(stdout);
  }
  if (std::strcmp(word, "--version") == 0) {
    std::printf("forebay %s\n", forebay::version);
    return 0;
  }
  for (const Command& command : commands) {
    if (std::strcmp(word, command.name) == 0) return command.run(argc - 1, argv + 1);
  }
  std::fprintf(stderr, "forebay: there is no command \"%s\"\n\n", word);
  return usage(stderr);
}
