#include "tests/admin/dashboard.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "config/config.h"

namespace forebay {

std::string source_file(const std::string& path) {
  std::ifstream file(std::string(FOREBAY_SOURCE_DIR) + "/" + path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<PanelQuery> queries_of(const nlohmann::json& dashboard) {
  std::vector<PanelQuery> queries;
  for (const auto& panel : dashboard.at("panels")) {
    for (const auto& target : panel.at("targets")) queries.push_back({panel.at("title"), target.at("expr")});
  }
  for (const auto& annotation : dashboard.at("annotations").at("list")) {
    queries.push_back({annotation.at("name"), annotation.at("expr")});
  }
  return queries;
}

std::string filled_in(std::string expr) {
  const std::pair<std::string, std::string> values[] = {
      {"$__rate_interval", "1m"}, {"$queue", ".+"}, {"$sink", ".+"}, {"$job", ".+"}};
  for (const auto& [name, value] : values) {
    for (size_t at = expr.find(name); at != std::string::npos; at = expr.find(name, at)) {
      expr.replace(at, name.size(), value);
    }
  }
  return expr;
}

Config sample_config() {
  Config config;
  for (const char* name : {"email", "sms"}) config.queues[name] = {.name = name, .sink = "gateway"};
  for (const char* name : {"gateway", "mail"}) {
    config.sinks[name].name = name;
    config.sinks[name].limits.push_back({.name = "300/1s", .count = 300});
    config.sinks[name].limits.push_back({.kind = LimitConfig::Kind::calendar, .name = "1000/day", .count = 1000});
    config.sinks[name].limits.push_back({.name = "100/1s", .count = 100, .enforce = false});
  }
  config.queues["sms"].classes["otp"] = {.name = "otp"};
  return config;
}

}  // namespace forebay
