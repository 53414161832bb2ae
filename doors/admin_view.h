// AdminView: what the admin door may ask of the relay. As in intake.h: loop thread only, changes are answered
// through the listener once they are durable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "doors/intake.h"

namespace forebay {

struct LimitStatus {
  std::string name;
  uint64_t effective = 0;
  double utilization = 0;
  bool enforced = true;    // false: counted only
  uint64_t exceeded = 0;   // sends beyond it while it was counted only
  uint64_t remaining = 0;  // that it would let through now
};

struct SinkStatus {
  std::string name;
  std::string type;
  std::string state;   // open paused throttled breaker
  std::string reason;  // why it is not open
  std::optional<WallTime> until;
  uint64_t in_flight = 0;
  std::map<std::string, uint64_t> attempts;  // by outcome
  std::vector<LimitStatus> limits;
  std::string pinned;  // what an operator pinned, as JSON; empty: nothing
};

struct ClassStatus {
  std::string name;
  uint32_t priority = 1;
  uint64_t ready = 0, delayed = 0, retrying = 0, in_flight = 0;
  bool paused = false;
};

struct QueueStatus {
  std::string name;
  std::string sink;
  bool paused = false;
  uint64_t ready = 0, delayed = 0, retrying = 0, in_flight = 0, dead = 0;
  uint64_t bytes = 0, max_messages = 0, max_bytes = 0;
  double oldest_age_seconds = 0;
  double drain_seconds = 0;  // +inf: never
  uint64_t accepted = 0, delivered = 0, expired = 0, retries = 0;
  std::vector<ClassStatus> classes;
  std::vector<std::string> paused_keys;
  uint64_t flows = 0;  // keys that wait
};

struct TopicStatus {
  std::string name;
  std::vector<std::string> queues;
};

struct RelayStatus {
  std::string version;
  WallTime started;
  bool ready = false;
  std::vector<std::string> not_ready_because;
  std::vector<QueueStatus> queues;
  std::vector<SinkStatus> sinks;
  std::vector<TopicStatus> topics;
};

struct DeadLetterView {
  std::string id;
  uint32_t attempts = 0;
  WallTime died;
  uint64_t bytes = 0;
  std::string reason;
  std::string excerpt;
};

struct DeadPage {
  std::vector<DeadLetterView> letters;
  uint64_t total = 0;
  std::string next;  // cursor of the next page; empty: the last
};

// What came of reading the config file again.
struct Reloaded {
  std::vector<std::string> applied, needs_restart;
  std::vector<ConfigError> errors;  // any: nothing changed
};

class AdminView {
 public:
  virtual ~AdminView() = default;
  virtual RelayStatus status() = 0;
  virtual std::optional<QueueStatus> queue_status(std::string_view queue) = 0;
  virtual std::optional<SinkStatus> sink_status(std::string_view sink) = 0;

  // Each: a Problem now (nothing changed), or listener.on_changed(token, how many) once durable.
  virtual std::optional<Problem> set_queue_paused(std::string_view queue, bool paused, uint64_t token,
                                                  PublishListener& listener) = 0;
  virtual std::optional<Problem> set_sink_paused(std::string_view sink, bool paused, uint64_t token,
                                                 PublishListener& listener) = 0;
  virtual std::optional<Problem> set_class_paused(std::string_view queue, std::string_view klass, bool paused,
                                                  uint64_t token, PublishListener& listener) = 0;
  virtual std::optional<Problem> set_key_paused(std::string_view queue, std::string_view key, bool paused,
                                                uint64_t token, PublishListener& listener) = 0;
  // Limits in place of those of the config, until they are unpinned.
  virtual std::optional<Problem> pin_limits(std::string_view sink, std::string_view json, uint64_t token,
                                            PublishListener& listener) = 0;
  virtual std::optional<Problem> unpin_limits(std::string_view sink, uint64_t token, PublishListener& listener) = 0;
  // A durable subscription, or the end of one; over reloads and restarts.
  virtual std::optional<Problem> set_subscribed(std::string_view topic, std::string_view queue, bool subscribed,
                                                uint64_t token, PublishListener& listener) = 0;
  virtual std::optional<Problem> purge_queue(std::string_view queue, uint64_t token, PublishListener& listener) = 0;
  virtual std::variant<DeadPage, Problem> dead(std::string_view queue, std::string_view cursor, uint32_t limit) = 0;
  // `id` empty: all of the queue.
  virtual std::optional<Problem> replay_dead(std::string_view queue, std::string_view id, uint64_t token,
                                             PublishListener& listener) = 0;
  virtual std::optional<Problem> purge_dead(std::string_view queue, std::string_view id, uint64_t token,
                                            PublishListener& listener) = 0;
  virtual void forget(PublishListener& listener) = 0;

  // Reads the config file again and puts it in force, or not. Nothing of it is in the backlog: the file is the record.
  virtual Reloaded reload() = 0;

  // Brings every gauge of the metrics registry up to date; called right before it is serialised elsewhere.
  virtual void refresh_gauges() = 0;
};

}  // namespace forebay
