#include "relay/metric_families.h"

namespace forebay {

using prometheus::Registry;

namespace buckets {
const Bounds delay = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,  1,    2.5,   5,     10,
                      30,    60,   120,   300,  600, 1800, 3600, 7200, 14400, 43200, 86400};
const Bounds downstream = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const Bounds sync = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                     0.025,   0.05,   0.1,     0.25,   0.5,   1,      2.5,   5};
const Bounds lag = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
const Bounds group = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 16384};
}  // namespace buckets

CounterFamily& counters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

GaugeFamily& gauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

HistogramFamily& histograms(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

MetricFamilies::MetricFamilies(Registry& r)
    : accepted(counters(r, "forebay_accepted_messages_total", "Messages accepted: synced to disk.")),
      delivered(counters(r, "forebay_delivered_messages_total", "Messages that the sink took.")),
      delay(histograms(r, "forebay_delivery_delay_seconds",
                       "From when a message was due (or accepted) to its delivery.")),
      messages(gauges(r, "forebay_backlog_messages", "Messages in the backlog, by state.")),
      ttl(gauges(r, "forebay_ttl_seconds", "The ttl of messages that bring none of their own; +Inf: none.")),
      refused(counters(r, "forebay_refused_messages_total", "Messages not taken in, by reason.")),
      retries(counters(r, "forebay_retries_total", "Attempts that ended in another attempt later.")),
      dead_letters(counters(r, "forebay_dead_letters_total", "Messages given up on and kept, by reason.")),
      dead_dropped(counters(r, "forebay_dead_letters_dropped_total",
                            "Dead letters that left their store by themselves: drop_oldest, or dead.ttl.")),
      cost_misses(
          counters(r, "forebay_cost_misses_total", "Messages without a cost where the config points; they cost 1.")),
      deduplicated(counters(r, "forebay_deduplicated_messages_total",
                            "Messages answered with one accepted earlier under the same Idempotency-Key.")),
      bytes(gauges(r, "forebay_backlog_bytes", "Bytes of body and metadata in the backlog.")),
      max_messages(gauges(r, "forebay_backlog_max_messages", "The queue's bound on waiting messages.")),
      oldest_age(
          gauges(r, "forebay_backlog_oldest_age_seconds", "Age of the oldest message that waits; 0: none does.")),
      drain(gauges(r, "forebay_backlog_drain_seconds",
                   "Time until all that waits now is sent at the limits in force; +Inf: never.")),
      attempts(counters(r, "forebay_attempts_total", "Sends to a sink, by how they ended.")),
      downstream(histograms(r, "forebay_downstream_seconds", "Length of one attempt, as seen by the relay.")),
      sink_state(gauges(r, "forebay_sink_state", "1 for the state that the sink is in, 0 for the others.")),
      utilization(gauges(r, "forebay_limit_utilization_ratio", "Share of the limit in use, 0 to 1.")),
      effective(gauges(r, "forebay_limit_effective",
                       "The bound in force, in sends; below the configured one while adapted down.")),
      blocked(counters(r, "forebay_limit_blocked_seconds_total",
                       "Time during which this limit held back a message that was ready.")),
      exceeded(counters(r, "forebay_limit_exceeded_total",
                        "Sends that this limit would have held back, were it enforced (enforce: false).")),
      quota_remaining(gauges(r, "forebay_quota_remaining",
                             "Sends of cost 1 that are left of the calendar's period, reserves included.")) {}

}  // namespace forebay
