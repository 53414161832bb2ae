#include "relay/cli/shown_status.h"

#include <nlohmann/json.hpp>

#include "base/rfc3339.h"
#include "relay/cli/plain_text.h"

namespace forebay {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? plain_text(value.get_ref<const std::string&>()) : std::string();
}

uint64_t count(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

std::optional<double> number(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

bool flag(const Json& object, const char* name, bool otherwise = false) {
  const Json& value = member(object, name);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

std::optional<WallTime> time(const Json& object, const char* name) {
  return parse_rfc3339(text(object, name));
}

ShownSink read_sink(const Json& json) {
  ShownSink sink{text(json, "name"), text(json, "state"), text(json, "reason"), time(json, "until"), {}, {}, false};
  sink.in_flight = count(json, "in_flight");
  for (const Json& limit : member(json, "limits")) {
    sink.limits.push_back({text(limit, "name"), number(limit, "utilization").value_or(0), count(limit, "remaining"),
                           flag(limit, "enforced", true)});
  }
  sink.pinned = !member(json, "pinned").is_null();
  return sink;
}

ShownQueue read_queue(const Json& json) {
  ShownQueue queue;
  queue.name = text(json, "name");
  queue.sink = text(json, "sink");
  queue.paused = flag(json, "paused");
  const Json& messages = member(json, "messages");
  queue.ready = count(messages, "ready");
  queue.delayed = count(messages, "delayed");
  queue.retrying = count(messages, "retrying");
  queue.in_flight = count(messages, "in_flight");
  queue.leased = count(messages, "leased");
  queue.held = count(messages, "held");
  queue.dead = count(messages, "dead");
  queue.max_messages = count(json, "max_messages");
  queue.accepted = count(json, "accepted");
  queue.delivered = count(json, "delivered");
  queue.oldest_seconds = number(json, "oldest_age_seconds").value_or(0);
  queue.drain_seconds = number(json, "drain_seconds");
  for (const Json& klass : member(json, "classes")) {
    if (flag(klass, "paused")) queue.paused_classes.push_back(text(klass, "name"));
  }
  queue.paused_keys = member(json, "paused_keys").size();
  return queue;
}

}  // namespace

bool is_pulled(const ShownQueue& queue) {
  return queue.sink.empty() || queue.sink.find(':') != std::string::npos;
}

bool is_of_pulled_queue(const ShownSink& sink) {
  return sink.name.find(':') != std::string::npos;
}

std::optional<ShownStatus> read_status(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!member(json, "queues").is_array() || !member(json, "sinks").is_array()) return std::nullopt;
  ShownStatus status{text(json, "version"), time(json, "started"), flag(json, "ready"), {}, {}, {}};
  for (const Json& why : member(json, "not_ready_because")) {
    if (why.is_string()) status.not_ready_because.push_back(plain_text(why.get_ref<const std::string&>()));
  }
  for (const Json& queue : member(json, "queues")) status.queues.push_back(read_queue(queue));
  for (const Json& sink : member(json, "sinks")) status.sinks.push_back(read_sink(sink));
  return status;
}

}  // namespace forebay
