// MetricFamilies: the names that have one series or more per queue, class, sink or limit, with their help texts, and
// the buckets of every histogram. They live in the registry, which outlives this. Only relay/metrics*.cc include it:
// users of metrics see handles.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace forebay {

using CounterFamily = prometheus::Family<prometheus::Counter>;
using GaugeFamily = prometheus::Family<prometheus::Gauge>;
using HistogramFamily = prometheus::Family<prometheus::Histogram>;

CounterFamily& counters(prometheus::Registry& registry, const char* name, const char* help);
GaugeFamily& gauges(prometheus::Registry& registry, const char* name, const char* help);
HistogramFamily& histograms(prometheus::Registry& registry, const char* name, const char* help);

// Upper bounds, in seconds or messages. What waits for hours needs few buckets but wide ones.
namespace buckets {
using Bounds = prometheus::Histogram::BucketBoundaries;
extern const Bounds delay, downstream, sync, lag, group;
}  // namespace buckets

struct MetricFamilies {
  explicit MetricFamilies(prometheus::Registry& registry);

  // by queue and class
  CounterFamily &accepted, &delivered;
  HistogramFamily& delay;
  GaugeFamily &messages, &ttl;
  // by queue
  CounterFamily &refused, &retries, &dead_letters, &dead_dropped, &cost_misses, &deduplicated;
  GaugeFamily &bytes, &max_messages, &oldest_age, &drain;
  // by sink
  CounterFamily& attempts;
  HistogramFamily& downstream;
  GaugeFamily& sink_state;
  // by sink and limit
  GaugeFamily &utilization, &effective;
  CounterFamily &blocked, &exceeded;
  GaugeFamily& quota_remaining;
};

}  // namespace forebay
