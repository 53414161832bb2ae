#include "doors/admin/status_json.h"

#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

namespace forebay {
namespace {

using Json = nlohmann::ordered_json;

std::string rfc3339(WallTime time) {
  const time_t seconds = time.ns / 1'000'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(time.ms() % 1000));
  return text;
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json time_or_null(const std::optional<WallTime>& time) {
  return time ? Json(rfc3339(*time)) : Json(nullptr);
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
            {"dead", q.dead}}},
          {"bytes", q.bytes},
          {"max_messages", q.max_messages},
          {"max_bytes", q.max_bytes},
          {"oldest_age_seconds", number(q.oldest_age_seconds)},
          {"drain_seconds", number(q.drain_seconds)},
          {"accepted", q.accepted},
          {"delivered", q.delivered},
          {"expired", q.expired},
          {"retries", q.retries}};
}

Json json_of(const SinkStatus& s) {
  Json limits = Json::array();
  for (const LimitStatus& limit : s.limits) {
    limits.push_back(
        {{"name", limit.name}, {"effective", limit.effective}, {"utilization", number(limit.utilization)}});
  }
  return {{"name", s.name},
          {"type", s.type},
          {"state", s.state},
          {"reason", s.reason},
          {"until", time_or_null(s.until)},
          {"in_flight", s.in_flight},
          {"attempts", s.attempts},
          {"limits", std::move(limits)}};
}

Json json_of(const DeadLetterView& letter) {
  return {{"id", letter.id},       {"attempts", letter.attempts}, {"died", rfc3339(letter.died)},
          {"bytes", letter.bytes}, {"reason", letter.reason},     {"excerpt", letter.excerpt}};
}

template <typename T>
Json list_of(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(json_of(item));
  return list;
}

}  // namespace

std::string to_json(const RelayStatus& status) {
  return text_of({{"version", status.version},
                  {"started", rfc3339(status.started)},
                  {"ready", status.ready},
                  {"not_ready_because", status.not_ready_because},
                  {"queues", list_of(status.queues)},
                  {"sinks", list_of(status.sinks)}});
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

std::string changed_json(uint64_t count) {
  return text_of({{"changed", count}});
}

}  // namespace forebay
