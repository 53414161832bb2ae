#include "relay/outcome_reports.h"

#include <cstdlib>

#include "base/rfc3339.h"
#include "doors/json_text.h"

namespace forebay {
namespace {

std::string_view name_of(EndReport::How how) {
  switch (how) {
    case EndReport::How::delivered:
      return "delivered";
    case EndReport::How::expired:
      return "expired";
    case EndReport::How::dead:
      return "dead";
    case EndReport::How::cancelled:
      return "cancelled";
    case EndReport::How::superseded:
      return "superseded";
    case EndReport::How::dropped:
      break;
  }
  return "dropped";
}

void append_text(std::string* out, std::string_view name, std::string_view value) {
  *out += out->empty() ? '{' : ',';
  append_json_string(out, name);
  *out += ':';
  append_json_string(out, value);
}

void append_count(std::string* out, std::string_view name, uint64_t value) {
  *out += ',';
  append_json_string(out, name);
  *out += ':';
  append_number(out, value);
}

// Of a dead letter only the reason is kept: "http 400", "attempts exhausted: http 500".
uint64_t status_of(const EndReport& report) {
  constexpr std::string_view word = "http ";
  const size_t at = report.reason.find(word);
  if (report.status != 0 || at == std::string::npos) return report.status;
  return std::strtoul(report.reason.c_str() + at + word.size(), nullptr, 10);
}

}  // namespace

void OutcomeReports::work(Now now) {
  // Reports of what their own queue drops to make room come while this one is taken; a reporting queue has no reports.
  for (const EndReport& report : core_.take_reports()) publish(report, now);
}

void OutcomeReports::publish(const EndReport& report, Now now) {
  Queue& queue = core_.queue_of(report.queue);
  const MessageId id = ids_.encode(report.sequence, report.queue);
  const std::string_view text(id.data(), id.size());
  std::string body, time;
  append_rfc3339(&time, now.wall);
  append_text(&body, "id", text);
  append_text(&body, "queue", queue.config.name);
  append_text(&body, "class", queue.classes[report.klass].config.name);
  append_text(&body, "outcome", name_of(report.how));
  append_count(&body, "attempts", report.attempts);
  append_count(&body, "status", status_of(report));
  append_text(&body, "reason", report.reason);
  append_text(&body, "time", time);
  body += '}';
  const std::string idempotency_key = std::string(text) + "-" + std::string(name_of(report.how));
  NewMessage message;
  message.queue = queue.config.outcomes;
  message.content_type = "application/json";
  message.idempotency_key = idempotency_key;
  message.body = body;
  if (!intake_.report(message)) ++queue.counters.outcomes_dropped;
}

}  // namespace forebay
