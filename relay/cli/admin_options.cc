#include "relay/cli/admin_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "config/load.h"

namespace forebay {
namespace {

// A door that listens everywhere is asked on this machine.
std::string url_of(const DoorConfig& door) {
  std::string host = door.host;
  if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("{}://{}:{}", door.tls.cert.empty() ? "http" : "https", host, door.port);
}

bool read_door(const std::string& path, std::string* url, std::string* error) {
  Config config;
  std::vector<ConfigError> errors;
  if (!load_config(path, &config, &errors)) {
    *error = to_string(errors.front()) + "; or say where the admin door is with --admin URL";
    return false;
  }
  const auto door =
      std::ranges::find_if(config.doors, [](const DoorConfig& d) { return d.type == DoorConfig::Type::admin; });
  if (door == config.doors.end()) return *error = path + ": has no admin door; add one under doors:", false;
  if (door->port == 0) {
    *error = path + ": the admin door takes any free port (see the relay's first lines); give it with --admin URL";
    return false;
  }
  *url = url_of(*door);
  return true;
}

bool read_url(std::string text, std::string* url) {
  if (text.find("://") == std::string::npos) text = "http://" + text;
  while (text.ends_with('/')) text.pop_back();
  const bool known = text.starts_with("http://") || text.starts_with("https://");
  const bool named = text.size() > text.find("://") + 3;
  if (!known || !named || text.find_first_of(" \t\r\n?#") != std::string::npos) return false;
  *url = text;
  return true;
}

std::string token_of(const AdminOptions& options) {
  const char* from_environment = std::getenv("FOREBAY_TOKEN");
  return !options.token.empty() || from_environment == nullptr ? options.token : from_environment;
}

bool is_token(const std::string& text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

void add_admin_options(CLI::App& app, AdminOptions* options) {
  app.add_option("--admin", options->admin, "the relay's admin door (default: that of -c, else http://127.0.0.1:7071)");
  app.add_option("-c,--config", options->config, "the relay's config file, for where its admin door is");
  app.add_option("--token", options->token, "bearer token with the scope admin (default: $FOREBAY_TOKEN)");
  app.add_option("--ca", options->ca_file, "certificates to trust, for an admin door with TLS");
}

std::optional<AdminPlace> admin_place(const std::string& command, const AdminOptions& options, int* status) {
  AdminPlace place;
  place.ca_file = options.ca_file;
  place.token = token_of(options);
  if (!is_token(place.token)) {
    *status = fail_command(command, "the token holds a space, a line break or what is not ASCII: it is no token", 2);
    return std::nullopt;
  }
  if (!options.admin.empty()) {
    if (read_url(options.admin, &place.url)) return place;
    *status = fail_command(command, "--admin: '" + options.admin + "' is not http://HOST[:PORT]", 2);
    return std::nullopt;
  }
  std::string error;
  if (options.config.empty() || read_door(options.config, &place.url, &error)) return place;
  *status = fail_command(command, error, 1);
  return std::nullopt;
}

std::optional<int> parse_arguments(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

int fail_command(const std::string& command, const std::string& why, int status) {
  std::fflush(stdout);
  std::fprintf(stderr, "forebay %s: %s\n", command.c_str(), why.c_str());
  return status;
}

}  // namespace forebay
