// Substitution inside one scalar of the config file, after YAML has been parsed: what comes in can never
// become structure.
//   ${NAME}           the environment variable; not set: an error
//   ${NAME:-default}  the default where it is not set or empty
//   ${file:path}      the file's content without the line end at its end; relative to the config file
//   $$                a dollar sign
// Anything else after a `$` is an error. There is no nesting.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace forebay {

using Variables = std::function<std::optional<std::string>(const std::string& name)>;

// Reads the process's own environment.
Variables process_environment();

struct Substituted {
  std::string text;
  std::string shown;        // fit for a message: `${NAME}` in place of what came in, defaults left out
  std::string error;        // not empty: `text` is not to be used
  size_t error_offset = 0;  // of the `$` in the scalar
};

Substituted substitute(std::string_view scalar, const Variables& variables, const std::string& folder);

}  // namespace forebay
