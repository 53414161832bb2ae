// DemoWorld: the processes of a demo, in a temporary directory, on free ports.
// Everything it started ends with it; the directory goes too, unless it is told to keep it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "relay/cli/child.h"
#include "relay/cli/gateway_score.h"
#include "relay/cli/spec.h"

namespace forebay {

struct DemoOptions {
  uint64_t count = 6000;
  RateSpec limit{300, Duration::seconds(1)};
  std::string limit_text = "300/1s", fail = "1%", latency = "20ms";
};

// What the relay says of its one queue.
struct DemoQueue {
  uint64_t ready = 0, delayed = 0, retrying = 0, in_flight = 0, dead = 0;
  uint64_t waiting() const { return ready + delayed + retrying + in_flight; }
};

class DemoWorld {
 public:
  explicit DemoWorld(DemoOptions options);
  ~DemoWorld();
  // Empty: both listen. Otherwise what did not start, and why.
  std::string start();
  std::unique_ptr<Child> send_burst();
  std::optional<GatewaySummary> gateway() const;
  std::optional<DemoQueue> queue() const;
  std::string died();  // what of it has ended and should not have; empty: nothing
  void keep_directory() { keep_ = true; }

  const std::string& directory() const { return directory_; }
  const std::string& http_url() const { return http_url_; }
  const std::string& admin_url() const { return admin_url_; }
  const std::string& gateway_url() const { return gateway_url_; }

 private:
  std::string start_gateway();
  std::string start_relay();
  std::string write_config() const;
  std::string log_of(const char* name) const { return directory_ + "/" + name + ".log"; }

  DemoOptions options_;
  std::string directory_, http_url_, admin_url_, gateway_url_;
  std::unique_ptr<Child> gateway_, relay_;
  bool keep_ = false;
};

}  // namespace forebay
