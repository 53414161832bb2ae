#include "relay/cli/serve.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "config/load.h"
#include "relay/assemble.h"

namespace forebay {

int serve_main(int argc, char** argv) {
  CLI::App app{"Runs the relay until SIGTERM or SIGINT.", "forebay serve"};
  std::string path = "forebay.yaml";
  app.add_option("-c,--config", path, "the configuration file")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  Config config;
  std::vector<ConfigError> errors;
  if (!load_config(path, &config, &errors)) {
    for (const ConfigError& error : errors) std::cerr << to_string(error) << '\n';
    return 1;
  }
  return serve(config);
}

}  // namespace forebay
