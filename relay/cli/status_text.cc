#include "relay/cli/status_text.h"

#include <fmt/format.h>

#include "base/rfc3339.h"
#include "relay/cli/progress.h"
#include "relay/cli/short_figures.h"
#include "relay/cli/text_table.h"

namespace forebay {
namespace {

using Side = TextTable::Side;

std::string queue_table(const ShownStatus& status) {
  TextTable table;
  table.column("QUEUE");
  table.column("SINK");
  for (const char* title : {"READY", "DELAYED", "RETRYING", "IN FLIGHT", "LEASED", "HELD", "DEAD", "OLDEST", "DRAIN"}) {
    table.column(title, Side::right);
  }
  table.column("STATE");
  for (const ShownQueue& queue : status.queues) {
    std::vector<std::string> row = {queue.name, is_pulled(queue) ? "(pulled)" : queue.sink};
    for (const uint64_t count :
         {queue.ready, queue.delayed, queue.retrying, queue.in_flight, queue.leased, queue.held, queue.dead}) {
      row.push_back(with_commas(count));
    }
    row.push_back(queue.waiting() > 0 ? short_seconds(queue.oldest_seconds) : "-");
    row.push_back(drain_text(queue));
    row.push_back(state_of(queue));
    table.row(std::move(row));
  }
  return table.empty() ? "no queues\n" : table.text();
}

std::string limits_of(const ShownSink& sink) {
  std::string text;
  for (const ShownLimit& limit : sink.limits) {
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", limit.name, short_percent(limit.utilization),
                        limit.enforced ? "" : " (shadow)");
  }
  return text + (sink.pinned ? " (pinned)" : "");
}

std::string sink_table(const ShownStatus& status, WallTime now) {
  TextTable table;
  table.column("SINK");
  table.column("STATE");
  table.column("IN FLIGHT", Side::right);
  table.column("UNTIL");
  table.column("LIMITS IN USE");
  table.column("WHY");
  for (const ShownSink& sink : status.sinks) {
    if (is_of_pulled_queue(sink)) continue;
    const std::string until = until_text(sink.until, now);
    table.row({sink.name, sink.state, with_commas(sink.in_flight), until.empty() ? "-" : until, limits_of(sink),
               sink.reason});
  }
  return table.empty() ? "" : "\n" + table.text();
}

}  // namespace

std::string state_of(const ShownQueue& queue) {
  if (queue.paused) return "paused";
  std::string state;
  for (const std::string& klass : queue.paused_classes) {
    state += (state.empty() ? "class " : ", class ") + klass + " paused";
  }
  if (queue.paused_keys > 0) {
    state += fmt::format("{}{} key{} paused", state.empty() ? "" : ", ", with_commas(queue.paused_keys),
                         queue.paused_keys == 1 ? "" : "s");
  }
  return state.empty() ? "open" : state;
}

std::string until_text(const std::optional<WallTime>& until, WallTime now) {
  if (!until) return {};
  const Duration left = *until - now;
  return left < Duration::days(2) ? "in " + short_seconds(left.as_seconds()) : format_rfc3339(*until);
}

std::string drain_text(const ShownQueue& queue) {
  if (queue.waiting() == 0) return "-";
  return queue.drain_seconds ? short_seconds(*queue.drain_seconds) : "never";
}

std::string status_text(const ShownStatus& status, const std::string& where, WallTime now) {
  std::string text = fmt::format("forebay {} at {}", status.version, where);
  if (status.started) text += ", up " + short_seconds((now - *status.started).as_seconds());
  text += status.ready ? ", ready\n" : ", NOT READY\n";
  for (const std::string& why : status.not_ready_because) text += "  not ready: " + why + "\n";
  return text + "\n" + queue_table(status) + sink_table(status, now);
}

}  // namespace forebay
