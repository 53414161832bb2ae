// The options that the commands which talk to the admin door share: --admin, -c, --token, --ca.
#pragma once

#include <optional>
#include <string>

#include "relay/cli/admin_client.h"

namespace CLI {
class App;
}

namespace forebay {

struct AdminOptions {
  std::string admin, config, token, ca_file;  // empty: not given
};

void add_admin_options(CLI::App& app, AdminOptions* options);
// Where that is: --admin, else the first admin door of the config, else 127.0.0.1:7071; the token from --token, else
// FOREBAY_TOKEN. nullopt: it cannot be told; why was said on standard error, and `status` is the exit status.
std::optional<AdminPlace> admin_place(const std::string& command, const AdminOptions& options, int* status);

// Parses the arguments; an exit status where that ends the command (2: usage), nullopt: go on.
std::optional<int> parse_arguments(CLI::App& app, int argc, char** argv);
// "forebay status: …" on standard error; the status given back.
int fail_command(const std::string& command, const std::string& why, int status);

}  // namespace forebay
