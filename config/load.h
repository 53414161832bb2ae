// From a YAML file to a checked Config.
//
// Promise: every error of the file is reported at once, each with its place and, where one can be guessed,
// what to write instead; a file with an error yields no Config. What came in through ${…} never appears in an
// error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/substitute.h"

namespace forebay {

struct ConfigError {
  std::string file;
  int line = 0;    // 1-based; 0: the error has no place in the file
  int column = 0;  // 1-based
  std::string what;
  std::string hint;  // empty: none
};

// "forebay.yaml:3:5: unknown key `limts` in sinks.sms (did you mean `limits`?)"
std::string to_string(const ConfigError& error);

// true: *config is whole and *errors untouched. false: *config untouched, *errors has at least one more, in
// the order of the file.
bool load_config(const std::string& path, Config* config, std::vector<ConfigError>* errors,
                 const Variables& variables = process_environment());

// The same for text in memory; `name` stands in the errors and tells the folder of ${file:…}.
bool load_config_text(std::string_view text, const std::string& name, Config* config, std::vector<ConfigError>* errors,
                      const Variables& variables = process_environment());

}  // namespace forebay
