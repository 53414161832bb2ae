#include "config/difference.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace forebay {
namespace {

using Words = std::vector<std::string>;

// A key, and whether two settings agree in what belongs to it.
template <typename T>
struct Field {
  std::string_view name;
  bool (*same)(const T&, const T&);
};

#define FIELD(type, name, member)                                           \
  Field<type> {                                                             \
    name, [](const type& a, const type& b) { return a.member == b.member; } \
  }

constexpr std::array sink_fields{
    FIELD(SinkConfig, "type", type),
    FIELD(SinkConfig, "url", url),
    FIELD(SinkConfig, "method", method),
    FIELD(SinkConfig, "headers", headers),
    FIELD(SinkConfig, "ca_file", ca_file),
    FIELD(SinkConfig, "concurrency", concurrency),
    FIELD(SinkConfig, "timeout", timeout),
    Field<SinkConfig>{
        "pace", [](const SinkConfig& a, const SinkConfig& b) { return a.pace == b.pace && a.pace_off == b.pace_off; }},
    FIELD(SinkConfig, "limits", limits),
    FIELD(SinkConfig, "responses", responses),
    FIELD(SinkConfig, "pause_on", pause_on),
    FIELD(SinkConfig, "dead_storm", dead_storm),
    FIELD(SinkConfig, "max_age", max_age),
    FIELD(SinkConfig, "throttle_scope", throttle_scope),
    FIELD(SinkConfig, "key_limits", key_limits),
    FIELD(SinkConfig, "on_key_overflow", on_key_overflow),
    FIELD(SinkConfig, "adaptive", adaptive),
    FIELD(SinkConfig, "breaker", breaker),
    FIELD(SinkConfig, "retry_budget", retry_budget),
    FIELD(SinkConfig, "cost", cost),
    FIELD(SinkConfig, "hours", hours.open),
    FIELD(SinkConfig, "zone", hours.zone),
    FIELD(SinkConfig, "closed", hours.closed),
    FIELD(SinkConfig, "sign", sign),
    FIELD(SinkConfig, "batch", batch),
    FIELD(SinkConfig, "path", file.path),
    Field<SinkConfig>{"rotate",
                      [](const SinkConfig& a, const SinkConfig& b) {
                        return a.file.rotate_bytes == b.file.rotate_bytes && a.file.keep == b.file.keep;
                      }},
    FIELD(SinkConfig, "mail", mail),
    FIELD(SinkConfig, "redis", redis),
};

constexpr std::array class_fields{
    FIELD(ClassConfig, "priority", priority),   FIELD(ClassConfig, "ttl", ttl),
    FIELD(ClassConfig, "floor", floor),         FIELD(ClassConfig, "supersede", supersede),
    FIELD(ClassConfig, "hours", hours.open),    FIELD(ClassConfig, "zone", hours.zone),
    FIELD(ClassConfig, "closed", hours.closed),
};

constexpr std::array topic_fields{
    FIELD(TopicConfig, "queues", queues),
    FIELD(TopicConfig, "dedup", dedup),
    FIELD(TopicConfig, "flush", flush),
};

constexpr std::array queue_fields{
    FIELD(QueueConfig, "sink", sink),           FIELD(QueueConfig, "max_messages", max_messages),
    FIELD(QueueConfig, "max_bytes", max_bytes), FIELD(QueueConfig, "ttl", ttl),
    FIELD(QueueConfig, "on_late", refuse_late), FIELD(QueueConfig, "retry", retry),
    FIELD(QueueConfig, "dead", dead),           FIELD(QueueConfig, "share", share),
    FIELD(QueueConfig, "limits", limits),       FIELD(QueueConfig, "key", key),
    FIELD(QueueConfig, "weights", weights),     FIELD(QueueConfig, "key_limits", key_limits),
    FIELD(QueueConfig, "max_flows", max_flows), FIELD(QueueConfig, "on_key_overflow", on_key_overflow),
    FIELD(QueueConfig, "order", strict_order),  FIELD(QueueConfig, "supersede", supersede),
    FIELD(QueueConfig, "cost", cost),           FIELD(QueueConfig, "hours", hours.open),
    FIELD(QueueConfig, "zone", hours.zone),     FIELD(QueueConfig, "closed", hours.closed),
    FIELD(QueueConfig, "pull", pull),           FIELD(QueueConfig, "lease", lease),
    FIELD(QueueConfig, "outcomes", outcomes),   FIELD(QueueConfig, "check_url", check_url),
    FIELD(QueueConfig, "on_full", on_full),     FIELD(QueueConfig, "hold_default", hold_default),
    FIELD(QueueConfig, "dedup", dedup),         FIELD(QueueConfig, "producer_limits", producer_limits),
};

// The process holds these from its start on.
constexpr std::array restart_fields{
    FIELD(Config, "data_dir", data_dir),
    FIELD(Config, "max_bytes", max_bytes),
    FIELD(Config, "status_retention", status_retention),
    FIELD(Config, "status_memory", status_memory),
    FIELD(Config, "shutdown_grace", shutdown_grace),
    FIELD(Config, "journal", journal),
    Field<Config>{"doors",
                  [](const Config& a, const Config& b) { return with_fresh_tls(a.doors, b.doors) == b.doors; }},
};

constexpr std::array live_fields{
    FIELD(Config, "key_memory", key_memory),
};

constexpr std::array token_fields{
    FIELD(AuthToken, "token", token),
    FIELD(AuthToken, "may", may),
    FIELD(AuthToken, "limits", limits),
};

#undef FIELD

template <typename T, size_t n>
void compare(const std::array<Field<T>, n>& fields, const T& from, const T& to, const std::string& path, Words* out) {
  for (const Field<T>& field : fields) {
    if (!field.same(from, to)) out->push_back(path + std::string(field.name) + " changed");
  }
}

// Both maps in one walk. What both have goes to `changed`.
template <typename T, typename Changed>
void compare_named(const std::map<std::string, T>& from, const std::map<std::string, T>& to, const std::string& path,
                   Words* out, Changed changed) {
  for (const auto& [name, item] : from) {
    const auto found = to.find(name);
    if (found == to.end()) {
      out->push_back(path + name + " removed");
    } else if (!(item == found->second)) {
      const size_t before = out->size();
      changed(item, found->second, path + name + ".");
      if (out->size() == before) out->push_back(path + name + " changed");  // no key is forgotten silently
    }
  }
  for (const auto& [name, item] : to) {
    if (!from.contains(name)) out->push_back(path + name + " added");
  }
}

std::map<std::string, AuthToken> by_name(const std::vector<AuthToken>& tokens) {
  std::map<std::string, AuthToken> named;
  for (const AuthToken& token : tokens) named.emplace(token.name, token);
  return named;
}

}  // namespace

std::vector<DoorConfig> with_fresh_tls(std::vector<DoorConfig> running, const std::vector<DoorConfig>& fresh) {
  for (size_t i = 0; i < std::min(running.size(), fresh.size()); ++i) {
    DoorConfig& door = running[i];
    const bool same = door.type == fresh[i].type && door.host == fresh[i].host && door.port == fresh[i].port;
    if (same && !door.tls.cert.empty() && !fresh[i].tls.cert.empty()) door.tls = fresh[i].tls;
  }
  return running;
}

Difference difference(const Config& from, const Config& to) {
  Difference out;
  compare(restart_fields, from, to, "", &out.needs_restart);
  compare(live_fields, from, to, "", &out.applied);
  const std::vector<DoorConfig> doors = with_fresh_tls(from.doors, to.doors);
  for (size_t i = 0; i < doors.size(); ++i) {
    if (doors[i].tls != from.doors[i].tls) out.applied.push_back("doors[" + std::to_string(i) + "].tls changed");
  }
  compare_named(from.sinks, to.sinks, "sinks.", &out.applied,
                [&](const SinkConfig& a, const SinkConfig& b, const std::string& path) {
                  compare(sink_fields, a, b, path, &out.applied);
                });
  compare_named(from.queues, to.queues, "queues.", &out.applied,
                [&](const QueueConfig& a, const QueueConfig& b, const std::string& path) {
                  compare(queue_fields, a, b, path, &out.applied);
                  compare_named(a.classes, b.classes, path + "classes.", &out.applied,
                                [&](const ClassConfig& c, const ClassConfig& d, const std::string& lane) {
                                  compare(class_fields, c, d, lane, &out.applied);
                                });
                });
  compare_named(by_name(from.tokens), by_name(to.tokens), "auth.tokens.", &out.applied,
                [&](const AuthToken& a, const AuthToken& b, const std::string& path) {
                  compare(token_fields, a, b, path, &out.applied);
                });
  compare_named(from.topics, to.topics, "topics.", &out.applied,
                [&](const TopicConfig& a, const TopicConfig& b, const std::string& path) {
                  compare(topic_fields, a, b, path, &out.applied);
                });
  return out;
}

void keep_until_restart(const Config& running, Config* fresh) {
  fresh->data_dir = running.data_dir;
  fresh->max_bytes = running.max_bytes;
  fresh->journal = running.journal;
  fresh->status_retention = running.status_retention;
  fresh->status_memory = running.status_memory;
  fresh->shutdown_grace = running.shutdown_grace;
}

}  // namespace forebay
