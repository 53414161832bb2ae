#include "doors/admin/status_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/rfc3339.h"

namespace forebay {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(format_rfc3339(*time)) : Json(nullptr);
}

Json json_of(const LimitStatus& limit) {
  return {{"name", limit.name},           {"effective", limit.effective}, {"utilization", number(limit.utilization)},
          {"remaining", limit.remaining}, {"enforced", limit.enforced},   {"exceeded", limit.exceeded}};
}

Json json_of(const ClassStatus& c) {
  return {{"name", c.name},       {"priority", c.priority}, {"ready", c.ready},
          {"delayed", c.delayed}, {"retrying", c.retrying}, {"in_flight", c.in_flight},
          {"leased", c.leased},   {"held", c.held},         {"paused", c.paused}};
}

Json json_of(const TopicStatus& topic) {
  return {{"name", topic.name}, {"queues", topic.queues}};
}

Json json_of(const ConfigError& error) {
  return {
      {"file", error.file}, {"line", error.line}, {"column", error.column}, {"what", error.what}, {"hint", error.hint}};
}

Json json_of(const QueueStatus& q);
Json json_of(const SinkStatus& s);
Json json_of(const DeadLetterView& letter);

template <typename T>
Json list_of(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(json_of(item));
  return list;
}

Json json_of(const QueueStatus& q) {
  return {{"name", q.name},
          {"sink", q.sink},
          {"paused", q.paused},
          {"messages",
           {{"ready", q.ready},
            {"delayed", q.delayed},
            {"retrying", q.retrying},
            {"in_flight", q.in_flight},
            {"leased", q.leased},
            {"held", q.held},
            {"dead", q.dead}}},
          {"bytes", q.bytes},
          {"max_messages", q.max_messages},
          {"max_bytes", q.max_bytes},
          {"oldest_age_seconds", number(q.oldest_age_seconds)},
          {"drain_seconds", number(q.drain_seconds)},
          {"accepted", q.accepted},
          {"delivered", q.delivered},
          {"expired", q.expired},
          {"retries", q.retries},
          {"classes", list_of(q.classes)},
          {"paused_keys", q.paused_keys},
          {"flows", q.flows}};
}

Json json_of(const SinkStatus& s) {
  return {{"name", s.name},
          {"type", s.type},
          {"state", s.state},
          {"reason", s.reason},
          {"until", time_or_null(s.until)},
          {"in_flight", s.in_flight},
          {"attempts", s.attempts},
          {"limits", list_of(s.limits)},
          {"pinned", s.pinned.empty() ? Json(nullptr) : Json::parse(s.pinned)}};
}

Json json_of(const DeadLetterView& letter) {
  return {{"id", letter.id},       {"attempts", letter.attempts}, {"died", format_rfc3339(letter.died)},
          {"bytes", letter.bytes}, {"reason", letter.reason},     {"excerpt", letter.excerpt}};
}

}  // namespace

std::string to_json(const RelayStatus& status) {
  return text_of({{"version", status.version},
                  {"started", format_rfc3339(status.started)},
                  {"ready", status.ready},
                  {"not_ready_because", status.not_ready_because},
                  {"queues", list_of(status.queues)},
                  {"sinks", list_of(status.sinks)},
                  {"topics", list_of(status.topics)}});
}

std::string to_json(const QueueStatus& queue) {
  return text_of(json_of(queue));
}

std::string to_json(const SinkStatus& sink) {
  return text_of(json_of(sink));
}

std::string to_json(const DeadPage& page) {
  return text_of({{"letters", list_of(page.letters)},
                  {"total", page.total},
                  {"next", page.next.empty() ? Json(nullptr) : Json(page.next)}});
}

std::string to_json(const std::vector<QueueStatus>& queues) {
  return text_of({{"queues", list_of(queues)}});
}

std::string to_json(const std::vector<SinkStatus>& sinks) {
  return text_of({{"sinks", list_of(sinks)}});
}

std::string to_json(const Reloaded& reloaded) {
  return text_of({{"applied", reloaded.applied}, {"needs_restart", reloaded.needs_restart}});
}

std::string refused_json(const Reloaded& reloaded) {
  std::string detail = to_string(reloaded.errors.front());
  const size_t more = reloaded.errors.size() - 1;
  if (more > 0) detail += ", and " + std::to_string(more) + " more: see errors";
  return text_of({{"type", "/problems/bad-config"},
                  {"title", "The config file is refused"},
                  {"status", 422},
                  {"detail", detail + "; nothing changed"},
                  {"errors", list_of(reloaded.errors)}});
}

std::string changed_json(uint64_t count) {
  return text_of({{"changed", count}});
}

}  // namespace forebay
