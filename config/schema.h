// The table of every key of the configuration: what it is called, what it takes, its default, its range, and
// whether its feature is there yet. Checking (reader.h) and config/reference.yaml (reference.h) both go by
// it.
//
// A path is dotted: `*` stands for a name people choose, `[]` for an item of a list
// ("queues.*.retry.max_attempts", "doors[].listen"). A default is not written down here a second time: it is
// what the slot holds in a freshly made Target.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/config.h"

namespace forebay {

// What is being filled: the config, and the items under way, which join it when their section ends.
struct Target {
  Config config;
  DoorConfig door;
  SinkConfig sink;
  QueueConfig queue;
  LimitConfig limit;
  ResponseRule rule;
  ClassConfig lane;
  TopicConfig topic;
  HoursConfig::Closed closed;
  std::string sign_scheme = "standard-webhooks";  // there is one, so no struct keeps it
  AuthToken token;
};

// Where a key's value goes.
using Slot =
    std::variant<std::monostate, bool*, uint32_t*, uint64_t*, double*, Duration*, std::optional<Duration>*,
                 std::optional<bool>*, std::string*, std::vector<int>*, std::vector<std::pair<int, int>>*,
                 std::vector<std::string>*, std::vector<std::pair<std::string, std::string>>*, DoorConfig::Type*,
                 DeadConfig::OnFull*, ResponseRule::Then*, ResponseRule::Scope*, OnKeyOverflow*, ValueSource*,
                 DoorConfig*, SinkConfig*, LimitConfig*, std::vector<LimitConfig>*, std::vector<HoursConfig::Closed>*,
                 std::map<std::string, uint32_t>*, std::vector<std::pair<std::string, double>>*, HoldDefault*, OnFull*,
                 BatchConfig::Format*, RedisSinkConfig::As*, MailConfig*>;

enum class Kind {
  // made of other keys
  section,   // a map of the keys below it
  names,     // a map from chosen names to sections
  sections,  // a list of sections
  switched,  // a section, or `on` or `off`
  // one scalar
  duration,
  size,
  count,
  choice,
  text,
  name,       // of a metric label
  address,    // host:port to listen on
  url,        // http:// or https://
  method,     // of HTTP
  pace,       // a duration or `off`
  rate,       // 300/1s
  limit,      // 300/1s or 1000000/day
  key_limit,  // 5/1h
  per,        // a duration, or day, week or month
  percent,    // 20%
  share,      // 1, 0.5
  source,     // json:/pointer or header:Name
  hours,      // "08:00-21:00"
  cron,
  zone,       // Asia/Shanghai
  pointer,    // JSON pointer
  sink_name,  // a reference to a sink
  queue_name,
  // one or several scalars
  status_codes,   // 410
  status_ranges,  // 200, 2xx, 400-499
  texts,
  queue_names,  // references to queues
  // of their own form
  headers,     // a map of texts
  weights,     // a map from texts to counts
  shares,      // a map from classes to percents
  limits,      // a list of limits and sections
  key_limits,  // the same, per key
  closed,      // a list of sections
  // of sinks
  sink_url,         // http://, https://, smtp://, smtps:// or redis://
  mail_from,        // an address
  mail_to,          // an address, json:/pointer or header:Name
  mail_text,        // a text, json:/pointer or header:Name
  webhook_secrets,  // whsec_…, one or several
  // of who may do what, and how fast
  secret,           // a text that no message repeats
  scopes,           // publish:sms, admin; one or several
  producer_limits,  // a list of limits and sections: windows of what comes in
};

struct Range {
  uint64_t min = 0;
  uint64_t max = UINT64_MAX;
};

struct Key {
  std::string_view path;
  Kind kind = Kind::text;
  Slot (*slot)(Target&) = nullptr;            // null: made of other keys, or not there yet
  Range range;                                // in the slot's unit: ns, bytes, messages, percent
  std::span<const std::string_view> choices;  // of a choice, in the order of its enum
  std::string_view word;                      // the value that means "none" beside the ordinary ones
  std::string_view example;                   // what the reference shows where there is no default
  std::string_view about;                     // one line for people
  bool required = false;
  std::string_view unless;  // required, but not where this neighbour is given
  bool later = false;       // of the contract, and not there yet
};

// All keys, parents before children, in the order of the reference.
std::span<const Key> keys();

// nullptr: no such key.
const Key* find_key(std::string_view path);

// The path without its last part: "queues.*" of "queues.*.retry", "" of "queues".
std::string_view parent_path(std::string_view path);

// The last part of a path: "retry" of "queues.*.retry".
std::string_view last_name(std::string_view path);

// The keys right below a path ("" for the top level).
std::span<const Key* const> keys_below(std::string_view path);

// Values that a key will take one day: `supersede: json:/pointer`.
bool is_later_value(const Key& key, std::string_view value);

// What the key's slot holds in this Target, as a person would write it.
std::string slot_text(const Key& key, Target& target);

// What the key holds in a freshly made Target, as a person would write it; empty where there is nothing.
std::string default_text(const Key& key);

// "1 to 255", "1ms to 31d"; empty: unbounded or not a number.
std::string range_text(const Key& key);

}  // namespace forebay
