#include "tests/end_to_end/running_relay.h"

#include <poll.h>

#include <csignal>
#include <cstdlib>

namespace forebay::testing {
namespace {

uint16_t port_of(const std::string& line) {
  return static_cast<uint16_t>(std::strtoul(line.substr(line.rfind(':') + 1).c_str(), nullptr, 10));
}

}  // namespace

void pause_briefly() {
  poll(nullptr, 0, 5);
}

std::string forebay_binary() {
  return FOREBAY_BINARY;
}

RunningRelay::RunningRelay(const std::string& sinks_and_queues, const std::string& top, const std::string& more_doors) {
  config_path_ = directory_.write("forebay.yaml", "data_dir: " + data_dir() + "\n" + top +
                                                      "doors:\n"
                                                      "  - {type: http, listen: \"127.0.0.1:0\"}\n"
                                                      "  - {type: admin, listen: \"127.0.0.1:0\"}\n" +
                                                      more_doors + sinks_and_queues);
}

bool RunningRelay::start(const Process::Environment& extra, unsigned descriptors) {
  std::vector<std::string> argv{forebay_binary(), "serve", "-c", config_path_};
  if (descriptors > 0) {
    const std::string limited = "ulimit -n " + std::to_string(descriptors) + " && exec \"$0\" \"$@\"";
    argv.insert(argv.begin(), {"/bin/sh", "-c", limited});
  }
  process_ = std::make_unique<Process>(argv, extra);
  const auto http = process_->wait_for("http door on ");
  if (!http) return false;
  http_port_ = port_of(*http);
  const auto admin = process_->wait_for("admin door on ");
  if (!admin) return false;
  admin_port_ = port_of(*admin);
  return true;
}

uint16_t RunningRelay::wait_for_door(const std::string& kind) {
  const auto line = process_->wait_for(kind + " door on ");
  return line ? port_of(*line) : 0;
}

std::optional<int> RunningRelay::stop() {
  process_->signal(SIGTERM);
  return process_->wait(std::chrono::seconds(30));
}

Reply RunningRelay::request(uint16_t port, const std::string& method, const std::string& path, const std::string& body,
                            const std::string& headers) {
  RawClient client(port);
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: relay\r\n" + headers;
  if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  if (!client.connected() || !client.send(text + "\r\n" + body)) return {};
  const auto response = client.read_response(method == "HEAD");
  if (!response) return {};
  return {response->status, response->body, response->head};
}

Reply RunningRelay::http(const std::string& method, const std::string& path, const std::string& body,
                         const std::string& headers) const {
  return request(http_port_, method, path, body, headers);
}

Reply RunningRelay::admin(const std::string& method, const std::string& path, const std::string& body,
                          const std::string& headers) const {
  return request(admin_port_, method, path, body, headers);
}

std::string RunningRelay::publish(const std::string& queue, const std::string& body, const std::string& headers) const {
  const Reply reply = http("POST", "/v1/queues/" + queue + "/messages", body, headers);
  if (reply.status != 202) return "";
  const size_t at = reply.body.find("\"id\":\"");
  return at == std::string::npos ? "" : reply.body.substr(at + 6, 26);
}

std::optional<double> RunningRelay::metric(const std::string& series) const {
  const std::string text = "\n" + admin("GET", "/metrics").body;
  const size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) return std::nullopt;
  return std::strtod(text.c_str() + at + series.size() + 2, nullptr);
}

}  // namespace forebay::testing
