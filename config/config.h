// Forebay's configuration as structs. The initialisers are the defaults: config/reference.yaml is generated
// from config/schema.cc, which names each of them, and a test holds the two together.
// Everything here has been checked by the loader: references resolve, ranges hold, secrets are substituted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace forebay {

struct DoorConfig {
  enum class Type { http, admin } type = Type::http;
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: any free port, printed at start
  uint32_t max_connections = 4096;
  uint64_t max_body_bytes = 256 * 1024;
  uint64_t max_header_bytes = 16 * 1024;
  uint64_t max_batch_bytes = 16 * 1024 * 1024;      // of one NDJSON request
  Duration header_timeout = Duration::seconds(10);  // from the first byte of a request to the end of its headers
  Duration body_timeout = Duration::seconds(60);    // from the end of the headers to the end of the body
  Duration idle_timeout = Duration::seconds(75);    // between requests
};

struct LimitConfig {
  enum class Kind { window, bucket } kind = Kind::window;
  std::string name;    // canonical spec ("300/1s") unless given
  uint64_t count = 0;  // sends per `per`
  Duration per;
  uint64_t burst = 1;                        // bucket only
  bool strict = false;                       // margin: strict
  std::optional<Duration> unanswered_grace;  // default: the sink's timeout
};

// One row of a sink's `responses:`; the first that matches a reply wins.
struct ResponseRule {
  enum class Then { delivered, retry, throttle, dead, sink_fault };
  enum class Scope { sink, key };
  std::vector<std::pair<int, int>> statuses;  // inclusive ranges; empty: any status
  std::string json_pointer;                   // empty: the body is not looked at
  std::vector<std::string> in;                // values the pointed-at scalar may have, as text; empty: present
  Then then = Then::retry;
  Scope scope = Scope::sink;
  std::optional<Duration> for_duration;  // of a throttle
};

struct SinkConfig {
  std::string name;
  std::string type = "http";
  std::string url;
  std::string method = "POST";
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<LimitConfig> limits;
  uint32_t concurrency = 64;
  Duration pace = Duration::milliseconds(50);  // tolerance of the spacing; 0: exact spacing
  bool pace_off = false;                       // `pace: off`
  Duration timeout = Duration::seconds(10);    // of one attempt, connect to last byte
  std::vector<ResponseRule> responses;
  std::vector<int> pause_on;             // statuses that pause the sink
  uint32_t dead_storm = 20;              // dead in a row that open the breaker; 0: never
  Duration max_age = Duration::days(7);  // how long throttles may keep a message without an attempt spent
  std::string ca_file;                   // PEM bundle instead of the system's
};

struct RetryConfig {
  uint32_t max_attempts = 10;  // 1 to 255
  Duration min_backoff = Duration::seconds(1);
  Duration max_backoff = Duration::minutes(10);
};

struct DeadConfig {
  enum class OnFull { pause, drop_oldest } on_full = OnFull::pause;
  uint64_t max_messages = 100'000;
  uint64_t max_bytes = 1ull << 30;
  Duration ttl = Duration::days(30);
};

struct QueueConfig {
  std::string name;
  std::string sink;
  RetryConfig retry;
  DeadConfig dead;
  uint64_t max_messages = 10'000'000;
  uint64_t max_bytes = 50ull << 30;
  Duration ttl = Duration::max();  // max(): none
  bool refuse_late = false;        // on_late: refuse
};

struct AuthToken {
  std::string name;
  std::string token;
  std::vector<std::string> may;
};

struct JournalConfig {
  uint64_t segment_bytes = 16ull << 20;
  uint64_t checkpoint_bytes = 64ull << 20;  // of new frames between checkpoints
};

struct Config {
  std::string path;  // where it was read from; empty: built in code
  std::string data_dir = "./data";
  uint64_t max_bytes = 50ull << 30;  // of the data_dir
  JournalConfig journal;
  std::vector<DoorConfig> doors;
  std::map<std::string, SinkConfig> sinks;
  std::map<std::string, QueueConfig> queues;
  Duration status_retention = Duration::hours(1);
  uint64_t status_memory = 64ull << 20;
  Duration shutdown_grace = Duration::seconds(10);  // for attempts in flight at SIGTERM
};

}  // namespace forebay
