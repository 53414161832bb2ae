#include "relay/cli/check.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "config/load.h"
#include "config/warnings.h"

namespace forebay {
namespace {

std::string counted(size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

int run_check(const std::string& path, std::ostream& out, std::ostream& err) {
  Config config;
  std::vector<ConfigError> errors;
  if (!load_config(path, &config, &errors)) {
    for (const ConfigError& error : errors) err << to_string(error) << "\n";
    err << path << ": " << counted(errors.size(), "error") << "\n";
    return 1;
  }
  const std::vector<std::string> warnings = config_warnings(config);
  for (const std::string& warning : warnings) out << path << ": warning: " << warning << "\n";
  const auto sinks = static_cast<size_t>(std::count_if(config.sinks.begin(), config.sinks.end(),
                                                       [](const auto& sink) { return sink.second.type != "pull"; }));
  out << "ok: " << counted(config.doors.size(), "door") << ", " << counted(sinks, "sink") << ", "
      << counted(config.queues.size(), "queue");
  if (!warnings.empty()) out << "; " << counted(warnings.size(), "warning");
  out << "\n";
  return 0;
}

int check_main(int argc, char** argv) {
  CLI::App app{"Checks a config file: every error at once, each with its place; exit 1 if there is one.",
               "forebay check"};
  std::string path = "forebay.yaml";
  app.add_option("-c,--config", path, "the file")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run_check(path, std::cout, std::cerr);
}

}  // namespace forebay
