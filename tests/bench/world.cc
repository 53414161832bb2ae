#include "world.h"

#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dialects.h"
#include "proc.h"
#include "relay/cli/http_get.h"

namespace forebay::bench {
namespace {

using Json = nlohmann::json;

uint16_t port_behind(const std::string& line, const std::string& prefix) {
  if (line.compare(0, prefix.size(), prefix) != 0) return 0;
  return static_cast<uint16_t>(atoi(line.c_str() + line.rfind(':') + 1));
}

// Waits until a server answers one request; no more than ten seconds.
void await(uint16_t port, const std::string& request, const ReplyReader& read, const char* what) {
  const int64_t until = steady_ns() + 10'000'000'000;
  while (steady_ns() < until) {
    if (hammer({.port = port, .request = request, .read = read, .requests_max = 1}).error.empty()) return;
    poll(nullptr, 0, 10);
  }
  die(std::string(what) + " does not answer");
}

Json parsed(const std::optional<std::string>& body, const char* what) {
  const Json json = Json::parse(body.value_or(""), nullptr, false);
  if (json.is_discarded()) die(std::string(what) + " does not answer");
  return json;
}

}  // namespace

void die(const std::string& why) {
  fprintf(stderr, "forebay_bench: %s\n", why.c_str());
  exit(1);  // the children die with this process
}

Directory::Directory(const std::string& parent) : path_(parent + "/bench-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) die("cannot make a directory in " + parent);
}

Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Directory::make(const std::string& name) const {
  const std::string made = path_ + "/" + name;
  std::error_code ignored;
  std::filesystem::remove_all(made, ignored);
  mkdir(made.c_str(), 0700);
  return made;
}

Gateway::Gateway(const std::string& forebay, const std::string& limit)
    : child_({forebay, "gateway", "--listen", "127.0.0.1:0", "--limit", limit, "--latency", "0ms"}, "") {
  const auto line = child_.read_line(Duration::seconds(10));
  port_ = port_behind(line.value_or(""), "listening on ");
  if (port_ == 0) die("the gateway does not start");
}

GatewaySummary Gateway::summary() const {
  const Json json = parsed(http_get(fmt::format("http://127.0.0.1:{}/summary", port_)), "the gateway");
  GatewaySummary s;
  s.arrivals = json.at("arrivals");
  s.taken = json.at("taken");
  s.refused = json.at("refused");
  s.duplicates = json.at("duplicates");
  s.worst_1s = json.at("worst_1s");
  s.mean_per_second = json.at("mean_per_second");
  s.cv_100ms = json.at("cv_100ms");
  s.first_arrival_ns = json.at("first_arrival_ns");
  s.last_arrival_ns = json.at("last_arrival_ns");
  return s;
}

Relay::Relay(const std::string& forebay, const std::string& directory, const RelaySetup& setup) {
  const std::string config = directory + "/forebay.yaml";
  std::string tls, auth;
  if (!setup.certificate.empty()) {
    std::ofstream(directory + "/cert.pem") << setup.certificate;
    std::ofstream(directory + "/key.pem") << setup.key;
    tls = ", tls: {cert: cert.pem, key: key.pem}";
  }
  if (!setup.token.empty()) {
    auth = fmt::format("auth: {{tokens: [{{name: bench, token: {}, may: [\"publish:q\", admin]}}]}}\n", setup.token);
    authorization_ = "Authorization: Bearer " + setup.token + "\r\n";
  }
  std::ofstream(config) << fmt::format(
      "data_dir: {}/data\nmax_bytes: 200GiB\n"
      "doors:\n  - {{type: http, listen: 127.0.0.1:0{}, max_connections: {}}}\n  - {{type: admin, listen: "
      "127.0.0.1:0}}\n{}"
      "sinks:\n  s: {{type: http, url: \"http://127.0.0.1:{}/send\", limits: {}, concurrency: {}}}\n"
      "queues:\n  q: {{sink: s, max_messages: {}}}\n{}",
      directory, tls, setup.max_connections, auth, setup.sink_port, setup.limits, setup.concurrency, setup.max_messages,
      setup.more);
  started_ns_ = steady_ns();
  child_ = std::make_unique<Child>(std::vector<std::string>{forebay, "serve", "-c", config}, directory + "/log");
  while (http_port_ == 0 || admin_port_ == 0) {
    const auto line = child_->read_line(Duration::seconds(60));
    if (!line) die("the relay does not start; see " + directory + "/log");
    if (const uint16_t port = port_behind(*line, "http door on "); port != 0) http_port_ = port;
    if (const uint16_t port = port_behind(*line, "admin door on "); port != 0) admin_port_ = port;
  }
}

uint64_t Relay::waiting() const {
  const Json json = parsed(http_get(fmt::format("http://127.0.0.1:{}/v1/status", admin_port_)), "the relay");
  const Json& messages = json.at("queues").at(0).at("messages");
  uint64_t sum = 0;
  for (const char* state : {"ready", "delayed", "retrying", "in_flight"}) sum += messages.at(state).get<uint64_t>();
  return sum;
}

std::string Relay::metrics() const {
  return http_get(fmt::format("http://127.0.0.1:{}/metrics", admin_port_)).value_or("");
}

void Relay::purge() const {
  const std::string request =
      "POST /v1/queues/q:purge HTTP/1.1\r\nHost: 127.0.0.1\r\n" + authorization_ + "Content-Length: 0\r\n\r\n";
  const HammerResult result =
      hammer({.port = admin_port_, .request = request, .read = http_replies(200), .requests_max = 1});
  if (result.good != 1) die("the relay does not purge " + result.error);
}

void Relay::end(int signal) {
  child_->signal(signal);
  if (!child_->wait(Duration::seconds(30))) die("the relay does not end");
}

Redis::Redis(const std::string& directory) : port_(free_port()) {
  child_ = std::make_unique<Child>(
      std::vector<std::string>{"redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir",
                               directory, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
                               "--auto-aof-rewrite-percentage", "0"},
      directory + "/log");
  await(port_, "*1\r\n$4\r\nPING\r\n", redis_replies(), "redis-server");
}

void Redis::clear() const {
  hammer({.port = port_, .request = "*1\r\n$8\r\nFLUSHALL\r\n", .read = redis_replies(), .requests_max = 1});
}

Nginx::Nginx(const std::string& directory, uint16_t upstream_port) : port_(free_port()) {
  const std::string config = directory + "/nginx.conf";
  std::ofstream(config) << fmt::format(
      "daemon off; master_process off; pid {0}/pid; error_log {0}/log;\n"
      "events {{ worker_connections 4096; }}\n"
      "http {{\n  access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;\n"
      "  fastcgi_temp_path {0}/fastcgi; uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;\n"
      "  limit_req_zone $server_port zone=all:1m rate=300r/s;\n"
      "  upstream gateway {{ server 127.0.0.1:{1}; keepalive 64; }}\n"
      "  server {{\n    listen 127.0.0.1:{2}; keepalive_requests 1000000;\n"
      "    location / {{ limit_req zone=all burst=2000; proxy_pass http://gateway; proxy_http_version 1.1;\n"
      "      proxy_set_header Connection \"\"; }}\n"
      "    location = /up {{ return 200; }}\n  }}\n}}\n",
      directory, upstream_port, port_);
  child_ = std::make_unique<Child>(
      std::vector<std::string>{"/usr/sbin/nginx", "-p", directory, "-c", config, "-e", directory + "/log"},
      directory + "/stderr");
  await(port_, http_get_request("/up"), http_replies(200), "nginx");
}

}  // namespace forebay::bench
