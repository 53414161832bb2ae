// A config: whole, or refused with at least one error that can be told.
#include <cassert>

#include "config/load.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forebay;
  const std::string text = fuzz::padded(data, size);
  Config config;
  std::vector<ConfigError> errors;
  const auto variables = [](const std::string&) { return std::optional<std::string>("value"); };
  const bool good = load_config_text(text, "/nowhere/forebay.yaml", &config, &errors, variables);
  if (good != errors.empty()) __builtin_trap();
  for (const ConfigError& error : errors) fuzz::look_at(to_string(error));
  return 0;
}
