// The Metrics' series of limits, which come and go with the config.
#include <cassert>
#include <utility>

#include "relay/metric_families.h"
#include "relay/metrics.h"

namespace forebay {
namespace {

using Labels = prometheus::Labels;

// Of handles to the same labels there is one.
template <typename Metric>
bool is_among(const std::vector<LimitMetrics>& limits, Metric* LimitMetrics::*handle, Metric* wanted) {
  for (const LimitMetrics& limit : limits) {
    if (limit.*handle == wanted) return true;
  }
  return false;
}

}  // namespace

// A series that is there already is found again.
LimitMetrics Metrics::add_limit(const std::string& sink, const std::string& name, const LimitConfig& config) {
  assert(!name.empty());
  MetricFamilies& f = *families_;
  const Labels labels = {{"sink", sink}, {"limit", name}};
  LimitMetrics m{name, &f.utilization.Add(labels), &f.effective.Add(labels)};
  m.effective->Set(static_cast<double>(config.count));
  if (config.enforce) {
    m.blocked_seconds = &f.blocked.Add(labels);
  } else {
    m.exceeded = &f.exceeded.Add(labels);
  }
  if (config.kind == LimitConfig::Kind::calendar) m.quota_remaining = &f.quota_remaining.Add(labels);
  return m;
}

LimitMetrics Metrics::add_key_limit(const std::string& sink, const std::string& name, const LimitConfig& config) {
  assert(!name.empty());
  MetricFamilies& f = *families_;
  const Labels labels = {{"sink", sink}, {"limit", name}};
  LimitMetrics m{name};
  m.effective = &f.effective.Add(labels);
  m.effective->Set(static_cast<double>(config.count));
  m.blocked_seconds = &f.blocked.Add(labels);
  return m;
}

// What is in `limits` and not among those of now loses its series.
void Metrics::use_limits(std::vector<LimitMetrics>* limits, std::vector<LimitMetrics> now) {
  MetricFamilies& f = *families_;
  const auto drop = [&](auto& family, auto LimitMetrics::*handle, const LimitMetrics& old) {
    if (old.*handle != nullptr && !is_among(now, handle, old.*handle)) family.Remove(old.*handle);
  };
  for (const LimitMetrics& old : *limits) {
    drop(f.utilization, &LimitMetrics::utilization_ratio, old);
    drop(f.effective, &LimitMetrics::effective, old);
    drop(f.blocked, &LimitMetrics::blocked_seconds, old);
    drop(f.exceeded, &LimitMetrics::exceeded, old);
    drop(f.quota_remaining, &LimitMetrics::quota_remaining, old);
  }
  *limits = std::move(now);
}

}  // namespace forebay
