#include "relay/cli/demo_world.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "relay/cli/http_get.h"

namespace forebay {
namespace {

using Json = nlohmann::json;

// The last lines of a log, for a message about what did not start.
std::string tail_of(const std::string& path) {
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

std::optional<Json> get_json(const std::string& url) {
  const auto body = http_get(url);
  if (!body) return std::nullopt;
  Json json = Json::parse(*body, nullptr, false);
  return json.is_discarded() ? std::nullopt : std::optional(std::move(json));
}

// The text behind `prefix`, where the line starts with it.
std::string after(const std::string& line, std::string_view prefix) {
  return line.compare(0, prefix.size(), prefix) == 0 ? line.substr(prefix.size()) : "";
}

}  // namespace

DemoWorld::DemoWorld(DemoOptions options) : options_(std::move(options)) {}

DemoWorld::~DemoWorld() {
  if (relay_) {
    relay_->signal(SIGTERM);
    relay_->wait(Duration::seconds(12));
  }
  relay_.reset();
  gateway_.reset();
  std::error_code ignored;
  if (!keep_ && !directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

std::string DemoWorld::start() {
  const char* base = getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != 0 ? base : "/tmp") + "/forebay-demo-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) return pattern + ": " + strerror(errno);
  directory_ = pattern;
  std::string wrong = start_gateway();
  return wrong.empty() ? start_relay() : wrong;
}

std::string DemoWorld::start_gateway() {
  gateway_ = std::make_unique<Child>(
      std::vector<std::string>{own_executable(), "gateway", "--listen", "127.0.0.1:0", "--limit", options_.limit_text,
                               "--fail", options_.fail, "--latency", options_.latency},
      log_of("gateway"));
  const std::string address = after(gateway_->read_line(Duration::seconds(10)).value_or(""), "listening on ");
  if (address.empty()) return "the gateway did not start:\n" + tail_of(log_of("gateway"));
  gateway_url_ = "http://" + address;
  return "";
}

std::string DemoWorld::write_config() const {
  const std::string path = directory_ + "/forebay.yaml";
  std::ofstream(path) << fmt::format(
      "data_dir: {0}/data\n"
      "doors:\n"
      "  - {{type: http, listen: 127.0.0.1:0}}\n"
      "  - {{type: admin, listen: 127.0.0.1:0}}\n"
      "sinks:\n"
      "  sms-gateway:\n"
      "    type: http\n"
      "    url: {1}/send\n"
      "    limits: [{2}]\n"
      "queues:\n"
      "  sms:\n"
      "    sink: sms-gateway\n"
      "    retry: {{max_attempts: 10, min_backoff: 100ms, max_backoff: 1s}}\n",
      directory_, gateway_url_, options_.limit_text);
  return path;
}

std::string DemoWorld::start_relay() {
  relay_ = std::make_unique<Child>(std::vector<std::string>{own_executable(), "serve", "-c", write_config()},
                                   log_of("relay"));
  while (http_url_.empty() || admin_url_.empty()) {
    const auto line = relay_->read_line(Duration::seconds(20));
    if (!line) return "the relay did not start:\n" + tail_of(log_of("relay"));
    const std::string http = after(*line, "http door on "), admin = after(*line, "admin door on ");
    if (!http.empty()) http_url_ = "http://" + http;
    if (!admin.empty()) admin_url_ = "http://" + admin;
  }
  return "";
}

std::unique_ptr<Child> DemoWorld::send_burst() {
  return std::make_unique<Child>(
      std::vector<std::string>{own_executable(), "send", "--url", http_url_, "--queue", "sms", "--count",
                               std::to_string(options_.count), "--body",
                               "{\"phone\":\"{phone}\",\"text\":\"Your order {n} has been sent.\"}", "--json"},
      log_of("send"));
}

std::optional<GatewaySummary> DemoWorld::gateway() const {
  const auto json = get_json(gateway_url_ + "/summary");
  if (!json) return std::nullopt;
  GatewaySummary s;
  s.arrivals = json->value("arrivals", uint64_t{0});
  s.taken = json->value("taken", uint64_t{0});
  s.refused = json->value("refused", uint64_t{0});
  s.failed = json->value("failed", uint64_t{0});
  s.duplicates = json->value("duplicates", uint64_t{0});
  s.unique_ids = json->value("unique_ids", uint64_t{0});
  s.worst_1s = json->value("worst_1s", uint64_t{0});
  s.worst_100ms = json->value("worst_100ms", uint64_t{0});
  s.first_arrival_ns = json->value("first_arrival_ns", int64_t{0});
  s.last_taken_ns = json->value("last_taken_ns", int64_t{0});
  return s;
}

std::optional<DemoQueue> DemoWorld::queue() const {
  const auto json = get_json(admin_url_ + "/v1/status");
  if (!json || !json->contains("queues") || (*json)["queues"].empty()) return std::nullopt;
  const Json& queue = (*json)["queues"][0];
  const Json messages = queue.value("messages", Json::object());
  return DemoQueue{messages.value("ready", uint64_t{0}), messages.value("delayed", uint64_t{0}),
                   messages.value("retrying", uint64_t{0}), messages.value("in_flight", uint64_t{0}),
                   messages.value("dead", uint64_t{0})};
}

std::string DemoWorld::died() {
  if (!relay_->running()) return "the relay ended:\n" + tail_of(log_of("relay"));
  if (!gateway_->running()) return "the gateway ended:\n" + tail_of(log_of("gateway"));
  return "";
}

}  // namespace forebay
