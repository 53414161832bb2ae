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

// Certificates of a door, PEM files. Empty `cert`: cleartext.
struct TlsConfig {
  std::string cert, key;
  std::string client_ca;  // given: clients must show a certificate that it vouches for
  bool operator==(const TlsConfig&) const = default;
};

// What a forward door answers when it has stored a request.
struct ReplyConfig {
  uint32_t status = 202;
  std::string content_type = "text/plain";  // of a body that is not empty
  std::string body;
  bool operator==(const ReplyConfig&) const = default;
};

struct DoorConfig {
  enum class Type { http, admin, forward } type = Type::http;
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: any free port, printed at start
  uint32_t max_connections = 4096;
  uint64_t max_body_bytes = 256 * 1024;
  uint64_t max_header_bytes = 16 * 1024;
  uint64_t max_batch_bytes = 16 * 1024 * 1024;      // of one NDJSON request
  Duration header_timeout = Duration::seconds(10);  // from the first byte of a request to the end of its headers
  Duration body_timeout = Duration::seconds(60);    // from the end of the headers to the end of the body
  Duration idle_timeout = Duration::seconds(75);    // between requests
  TlsConfig tls;
  std::string queue;  // these three of a forward door
  ReplyConfig reply;
  bool inline_reply = false;  // `inline: true`: the sink's own reply, when the queue is empty and a permit is free
  bool operator==(const DoorConfig&) const = default;
};

// When something may be used. Nothing given: always.
struct HoursConfig {
  struct Closed {
    std::string cron;  // five fields: when it closes
    Duration lasts;
    std::string zone;  // IANA name; empty: that of the hours, else UTC
    bool operator==(const Closed&) const = default;
  };
  std::string open;  // "08:00-21:00", "mon-fri 08:00-12:00,14:00-18:00; sat 09:00-12:00"; empty: always
  std::string zone;  // IANA name; empty: UTC
  std::vector<Closed> closed;
  bool operator==(const HoursConfig&) const = default;
};

// Where a value is read from in a message: json:/pointer of its body, or header:Name.
struct ValueSource {
  enum class From { none, header, json } from = From::none;
  std::string name;  // header name, or JSON pointer (RFC 6901)
  bool operator==(const ValueSource&) const = default;
};

struct LimitConfig {
  enum class Kind { window, bucket, calendar } kind = Kind::window;
  enum class Period { day, week, month };               // week: from Monday
  std::string name;                                     // canonical spec ("300/1s", "1000000/day") unless given
  uint64_t count = 0;                                   // sends per `per`, or per `period`
  Duration per;                                         // window and bucket
  uint64_t burst = 1;                                   // bucket only
  bool strict = false;                                  // margin: strict
  std::optional<Duration> unanswered_grace;             // default: the sink's timeout
  bool enforce = true;                                  // false: counted, not enforced
  Period period = Period::day;                          // calendar only, as the rest
  std::string zone;                                     // IANA name; empty: UTC
  std::vector<std::pair<std::string, double>> reserve;  // class, share of count (0 to 1) kept for it
  bool operator==(const LimitConfig&) const = default;
};

// What a key's history may do when key_memory is full: hold what has a key not known yet, or refuse it at the door.
enum class OnKeyOverflow { hold, refuse };

struct AdaptiveConfig {
  bool on = true;
  double floor = 0.1;  // of N: throttled replies lower it no further
  bool operator==(const AdaptiveConfig&) const = default;
};

struct BreakerConfig {
  uint32_t failures = 50;                    // in a row that open it; 0: only sink_fault and dead_storm do
  uint32_t probes = 1;                       // good ones in a row that close it
  Duration min_wait = Duration::seconds(1);  // before the first probe; doubles with each bad one
  Duration max_wait = Duration::seconds(30);
  bool operator==(const BreakerConfig&) const = default;
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
  bool operator==(const ResponseRule&) const = default;
};

// Signatures of requests (Standard Webhooks): the first secret signs, the others overlap during a rotation.
struct SignConfig {
  std::vector<std::string> secrets;  // whsec_…; none: not signed
  bool operator==(const SignConfig&) const = default;
};

// Several messages in one request. max 1: none.
struct BatchConfig {
  enum class Format { json, ndjson } format = Format::json;
  uint32_t max = 1;
  Duration linger = Duration::milliseconds(200);  // how long the first waits for others
  bool operator==(const BatchConfig&) const = default;
};

// Of a sink of type file: lines of JSON.
struct FileSinkConfig {
  std::string path;           // `-`: standard output
  uint64_t rotate_bytes = 0;  // 0: never
  uint32_t keep = 5;          // rotated files
  bool operator==(const FileSinkConfig&) const = default;
};

// Of a sink of type smtp.
struct MailConfig {
  std::string from;
  ValueSource to;                   // json:/pointer of the body, or header:X of what is forwarded
  std::string to_fixed;             // an address, instead of `to`
  std::string subject = "Message";  // or json:/pointer, header:X
  std::string body;                 // json:/pointer or header:X; empty: the message as it is
  bool operator==(const MailConfig&) const = default;
};

// Of a sink of type redis.
struct RedisSinkConfig {
  enum class As { stream, list, channel } as = As::stream;
  std::string name;         // of the stream, list or channel
  uint64_t max_length = 0;  // of a stream, about; 0: unbounded
  bool operator==(const RedisSinkConfig&) const = default;
};

struct SinkConfig {
  std::string name;
  std::string type = "http";  // http, file, smtp, redis; "pull" is made for a queue with `pull: true` (pull_sink_name)
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
  ResponseRule::Scope throttle_scope = ResponseRule::Scope::sink;  // what a throttled reply closes
  std::vector<LimitConfig> key_limits;                             // windows, per key over all queues of the sink
  OnKeyOverflow on_key_overflow = OnKeyOverflow::hold;
  AdaptiveConfig adaptive;
  BreakerConfig breaker;
  double retry_budget = 0.1;  // share of sends that may be retries while first attempts wait; 1: no bound
  ValueSource cost;
  HoursConfig hours;
  SignConfig sign;
  BatchConfig batch;
  FileSinkConfig file;
  MailConfig mail;
  RedisSinkConfig redis;
  bool operator==(const SinkConfig&) const = default;
};

struct RetryConfig {
  uint32_t max_attempts = 10;  // 1 to 255
  Duration min_backoff = Duration::seconds(1);
  Duration max_backoff = Duration::minutes(10);
  bool operator==(const RetryConfig&) const = default;
};

struct DeadConfig {
  enum class OnFull { pause, drop_oldest } on_full = OnFull::pause;
  uint64_t max_messages = 100'000;
  uint64_t max_bytes = 1ull << 30;
  Duration ttl = Duration::days(30);
  bool operator==(const DeadConfig&) const = default;
};

// A priority lane of a queue. The class `default` is always there.
struct ClassConfig {
  std::string name;
  uint32_t priority = 1;        // lower goes first
  std::optional<Duration> ttl;  // instead of the queue's
  double floor = 0;             // share of the queue's sends it gets even when others are in front, 0 to 0.5
  std::optional<bool> supersede;
  HoursConfig hours;
  bool operator==(const ClassConfig&) const = default;
};

// What an undecided held message becomes when its time is over and nobody could be asked.
enum class HoldDefault { drop, release };
// What gives way when a queue is full.
enum class OnFull { refuse, drop_oldest, drop_lowest };

struct QueueConfig {
  std::string name;
  std::string sink;                        // of a pulled queue: pull_sink_name(name)
  bool pull = false;                       // handed out by leases instead of drained
  Duration lease = Duration::seconds(30);  // unless the consumer says
  Duration dedup{};                        // how long an Idempotency-Key is remembered after delivery; 0: not at all
  std::string outcomes;                    // queue to which finished messages are reported; empty: none
  std::string check_url;                   // asked about held messages nobody decided on; empty: nobody is
  HoldDefault hold_default = HoldDefault::drop;
  OnFull on_full = OnFull::refuse;
  std::vector<LimitConfig> producer_limits;  // windows: what may come in
  RetryConfig retry;
  DeadConfig dead;
  uint64_t max_messages = 10'000'000;
  uint64_t max_bytes = 50ull << 30;
  Duration ttl = Duration::max();  // max(): none
  bool refuse_late = false;        // on_late: refuse
  double share = 1;                // its part of the sink when several queues wait
  std::vector<LimitConfig> limits;
  ValueSource key;
  std::map<std::string, uint32_t> weights;  // of keys in the rounds; 1 unless named
  std::vector<LimitConfig> key_limits;      // windows
  uint64_t max_flows = 1'000'000;
  OnKeyOverflow on_key_overflow = OnKeyOverflow::hold;
  std::map<std::string, ClassConfig> classes;
  bool strict_order = false;
  bool supersede = false;
  ValueSource cost;  // wins over the sink's
  HoursConfig hours;
  bool operator==(const QueueConfig&) const = default;
};

// A name that fans out. Subscriptions added while it runs are notes in the journal, not here.
struct TopicConfig {
  std::string name;
  std::vector<std::string> queues;
  Duration dedup{};                              // as QueueConfig::dedup, of what is published to the topic
  Duration flush = Duration::milliseconds(100);  // how often a live stream is written
  bool operator==(const TopicConfig&) const = default;
};

struct AuthToken {
  std::string name;
  std::string token;
  std::vector<std::string> may;     // "publish:sms", "admin"; `*` stands for every queue and topic
  std::vector<LimitConfig> limits;  // windows: what it may publish
  bool operator==(const AuthToken&) const = default;
};

struct JournalConfig {
  uint64_t segment_bytes = 16ull << 20;
  uint64_t checkpoint_bytes = 64ull << 20;  // of new frames between checkpoints
  bool operator==(const JournalConfig&) const = default;
};

// The sink that stands for the consumers of a pulled queue. No name that people may choose has a colon.
inline std::string pull_sink_name(const std::string& queue) {
  return "pull:" + queue;
}

struct Config {
  std::string path;  // where it was read from; empty: built in code
  std::string data_dir = "./data";
  uint64_t max_bytes = 50ull << 30;  // of the data_dir
  JournalConfig journal;
  std::vector<DoorConfig> doors;
  std::map<std::string, SinkConfig> sinks;
  std::map<std::string, QueueConfig> queues;
  std::map<std::string, TopicConfig> topics;
  std::vector<AuthToken> tokens;  // none: everybody may do everything
  Duration status_retention = Duration::hours(1);
  uint64_t status_memory = 64ull << 20;
  uint64_t key_memory = 512ull << 20;               // bound on the history of all keys
  Duration shutdown_grace = Duration::seconds(10);  // for attempts in flight at SIGTERM
};

}  // namespace forebay
