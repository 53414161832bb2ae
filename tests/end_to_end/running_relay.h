// RunningRelay: a real `forebay serve` process with doors on free ports, for end-to-end tests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"

namespace forebay::testing {

// The program under test, beside the test binaries.
std::string forebay_binary();

struct Reply {
  int status = 0;
  std::string body;
  std::string headers;
};

class RunningRelay {
 public:
  // `sinks_and_queues` is YAML; doors, data_dir and the rest are put in front of it. `top`: more top-level YAML.
  // `more_doors`: lines of YAML that begin with "  - ".
  explicit RunningRelay(const std::string& sinks_and_queues, const std::string& top = "",
                        const std::string& more_doors = "");

  // Starts the process and waits for its doors; false: it did not get there (see output()).
  // `descriptors`: the most that it may open; 0: as many as this process may.
  bool start(const Process::Environment& extra = {}, unsigned descriptors = 0);
  void kill() { process_->kill(); }
  // SIGTERM; the exit status.
  std::optional<int> stop();
  Process& process() { return *process_; }
  const std::string& output() { return process_->output(); }

  // The next door of that kind in the order of the config, after those two; 0: it did not open.
  uint16_t wait_for_door(const std::string& kind);

  uint16_t http_port() const { return http_port_; }
  uint16_t admin_port() const { return admin_port_; }
  const std::string& directory() const { return directory_.path(); }
  std::string data_dir() const { return directory_.path() + "/data"; }
  const std::string& config_path() const { return config_path_; }

  // One request on a connection of its own.
  Reply http(const std::string& method, const std::string& path, const std::string& body = "",
             const std::string& headers = "") const;
  Reply admin(const std::string& method, const std::string& path, const std::string& body = "",
              const std::string& headers = "") const;
  // Publishes to /v1/queues/{queue}/messages; the id, or "" if it was not a 202.
  std::string publish(const std::string& queue, const std::string& body, const std::string& headers = "") const;
  // A number out of the text exposition; nullopt: no such series.
  std::optional<double> metric(const std::string& series) const;
  // Asks until `until()` holds, at most for `seconds`.
  template <typename Until>
  static bool eventually(Until until, int seconds = 20);

 private:
  static Reply request(uint16_t port, const std::string& method, const std::string& path, const std::string& body,
                       const std::string& headers);

  TempDir directory_;
  std::string config_path_;
  std::unique_ptr<Process> process_;
  uint16_t http_port_ = 0, admin_port_ = 0;
};

// Waits without a busy loop: a poll with nothing to poll.
void pause_briefly();

template <typename Until>
bool RunningRelay::eventually(Until until, int seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!until()) {
    if (std::chrono::steady_clock::now() > end) return false;
    pause_briefly();
  }
  return true;
}

}  // namespace forebay::testing
