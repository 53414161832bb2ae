// The servers of a measurement, each in a directory of its own below one temporary directory, on free ports.
#pragma once

#include <memory>
#include <string>

#include "relay/cli/child.h"
#include "relay/cli/gateway_score.h"

namespace forebay::bench {

class Directory {
 public:
  explicit Directory(const std::string& parent);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string make(const std::string& name) const;  // a fresh one below it
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Ends the benchmark: nothing sensible can follow.
[[noreturn]] void die(const std::string& why);

class Gateway {
 public:
  Gateway(const std::string& forebay, const std::string& limit);
  uint16_t port() const { return port_; }
  pid_t pid() const { return child_.pid(); }
  GatewaySummary summary() const;

 private:
  Child child_;
  uint16_t port_ = 0;
};

struct RelaySetup {
  uint16_t sink_port = 9;
  std::string limits = "[]";  // of the sink, as YAML
  uint32_t concurrency = 64;
  uint64_t max_messages = 20'000'000;
  std::string certificate, key;  // PEM; given: TLS on the http door
  std::string token;             // given: nothing goes without it
  std::string more;              // YAML after the queue: other queues, indented, and what is top-level
  uint32_t max_connections = 4096;
};

class Relay {
 public:
  // Starts `forebay serve` on that data_dir; ready when its doors listen.
  Relay(const std::string& forebay, const std::string& directory, const RelaySetup& setup);
  uint16_t http_port() const { return http_port_; }
  uint16_t admin_port() const { return admin_port_; }
  pid_t pid() const { return child_->pid(); }
  int64_t started_ns() const { return started_ns_; }
  uint64_t waiting() const;  // ready, delayed, retrying and in flight
  std::string metrics() const;
  void purge() const;    // all that waits
  void end(int signal);  // and waits for it

 private:
  std::unique_ptr<Child> child_;
  std::string authorization_;  // a header line
  int64_t started_ns_ = 0;
  uint16_t http_port_ = 0, admin_port_ = 0;
};

class Redis {
 public:
  explicit Redis(const std::string& directory);  // appendfsync always, no snapshots
  uint16_t port() const { return port_; }
  pid_t pid() const { return child_->pid(); }
  void clear() const;

 private:
  uint16_t port_ = 0;
  std::unique_ptr<Child> child_;
};

class Nginx {
 public:
  // limit_req at 300 requests a second in front of `upstream_port`.
  Nginx(const std::string& directory, uint16_t upstream_port);
  uint16_t port() const { return port_; }

 private:
  uint16_t port_ = 0;
  std::unique_ptr<Child> child_;
};

}  // namespace forebay::bench
