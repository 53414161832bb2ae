// Scenarios: downstreams.
#include <algorithm>

#include "config/forms.h"
#include "sim/scenario_parts.h"

namespace forebay::sim {
namespace {

// `{sliding: 300/1s}` · `{fixed: 300/1s, skew: 400ms}` · `{bucket: 300/1s, burst: 50}` · `{day: 2000, zone: …, skew:
// 2s}`
void read_bound(YamlReading& yaml, const YAML::Node& node, DownstreamSpec* spec) {
  if (!yaml.section(node, {"sliding", "fixed", "bucket", "day", "burst", "zone", "skew", "enforce", "levels"})) return;
  BoundSpec bound;
  using Kind = BoundSpec::Kind;
  for (const auto& [key, kind] :
       {std::pair("sliding", Kind::sliding), {"fixed", Kind::fixed}, {"bucket", Kind::bucket}}) {
    if (!node[key]) continue;
    bound.kind = kind;
    bound.name = node[key].Scalar();
    yaml.rate(node[key], &bound.count, &bound.per);
  }
  if (node["day"]) {
    bound.kind = Kind::day;
    bound.count = yaml.count(node["day"]);
    bound.name = std::to_string(bound.count) + "/day";
    bound.zone = "UTC";
    yaml.read(node, "zone", &bound.zone);
  }
  if (bound.count == 0) return yaml.complain(node, "no bound: sliding, fixed, bucket or day");
  yaml.read_count(node, "burst", &bound.burst);
  yaml.read(node, "skew", &bound.skew);
  yaml.read(node, "enforce", &bound.enforce);
  yaml.list(node, "levels", [&](const YAML::Node& level) {
    if (!level.IsSequence() || level.size() != 2) return yaml.complain(level, "a level is [time, count]");
    bound.levels.emplace_back(yaml.duration(level[0]), yaml.count(level[1]));
  });
  if (!bound.levels.empty() && bound.levels.front().first > Duration{}) yaml.complain(node, "the first level is at 0s");
  spec->bounds.push_back(std::move(bound));
}

void read_bad(YamlReading& yaml, const YAML::Node& node, DownstreamSpec* spec) {
  if (!yaml.section(node, {"what", "from", "to", "delay", "one_in", "status"})) return;
  using Kind = BadStretch::Kind;
  const std::pair<std::string_view, Kind> kinds[] = {
      {"outage", Kind::outage},     {"silent", Kind::silent},   {"slow", Kind::slow}, {"stalling", Kind::stalling},
      {"flapping", Kind::flapping}, {"failing", Kind::failing}, {"late", Kind::late}, {"resets", Kind::resets}};
  const std::string name = node["what"] ? node["what"].Scalar() : "";
  const auto* kind = std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& k) { return k.first == name; });
  if (kind == std::end(kinds)) return yaml.complain(node, "no such bad stretch: `" + name + "`");
  BadStretch bad;
  bad.kind = kind->second;
  Duration from, to = Duration::days(10'000);
  yaml.read(node, "from", &from);
  yaml.read(node, "to", &to);
  bad.from = Instant{from.ns};
  bad.to = Instant{to.ns};
  yaml.read(node, "delay", &bad.delay);
  if (bad.kind == Kind::flapping && bad.delay <= Duration{}) yaml.complain(node, "flapping needs a `delay`");
  yaml.read_count(node, "one_in", &bad.one_in);
  if (node["status"]) bad.status = static_cast<int>(yaml.count(node["status"]));
  spec->bad.push_back(bad);
}

void read_network(YamlReading& yaml, const YAML::Node& node, DownstreamSpec* spec) {
  if (!node["network"]) return;
  const std::string name = node["network"].Scalar();
  if (name == "lan" || name == "wan") {
    spec->network = name == "lan" ? Network::Kind::lan : Network::Kind::wan;
    return;
  }
  spec->network = Network::Kind::fixed;
  spec->round_trip = yaml.duration(node["network"]);
}

void read_retry_after(YamlReading& yaml, const YAML::Node& node, DownstreamSpec* spec) {
  if (!node["retry_after"]) return;
  const std::string how = node["retry_after"].Scalar();
  using RetryAfter = Gateway::RetryAfter;
  spec->retry_after = how == "none" ? RetryAfter::none : how == "exact" ? RetryAfter::exact : RetryAfter::fixed;
  if (spec->retry_after == RetryAfter::fixed) spec->fixed_retry_after = yaml.duration(node["retry_after"]);
}

std::unique_ptr<Meter> make_meter(const BoundSpec& spec) {
  switch (spec.kind) {
    case BoundSpec::Kind::sliding:
      return std::make_unique<SlidingMeter>(spec.count, spec.per);
    case BoundSpec::Kind::fixed:
      return std::make_unique<FixedMeter>(spec.count, spec.per, spec.skew);
    case BoundSpec::Kind::bucket:
      return std::make_unique<BucketMeter>(spec.count, spec.per, spec.burst);
    case BoundSpec::Kind::day:
      break;
  }
  return std::make_unique<DayMeter>(spec.count, spec.zone, spec.skew);
}

}  // namespace

DownstreamSpec read_downstream(YamlReading& yaml, const YAML::Node& node) {
  DownstreamSpec spec;
  if (!yaml.section(node, {"network", "service", "faster", "bounds", "keys", "counts_refused", "throttle_by_key",
                           "retry_after", "bad"})) {
    return spec;
  }
  read_network(yaml, node, &spec);
  read_retry_after(yaml, node, &spec);
  yaml.read(node, "service", &spec.service);
  yaml.read(node, "counts_refused", &spec.counts_refused);
  yaml.read(node, "throttle_by_key", &spec.throttle_by_key);
  if (const YAML::Node faster = node["faster"]) {
    yaml.section(faster, {"at", "by"});
    spec.faster.emplace();
    yaml.read(faster, "at", &spec.faster->first);
    yaml.read(faster, "by", &spec.faster->second);
  }
  yaml.list(node, "bounds", [&](const YAML::Node& item) { read_bound(yaml, item, &spec); });
  yaml.list(node, "bad", [&](const YAML::Node& item) { read_bad(yaml, item, &spec); });
  yaml.list(node, "keys", [&](const YAML::Node& item) {
    KeyMeter::Window window{};
    yaml.rate(item, &window.bound, &window.per);
    spec.keys.push_back(window);
  });
  return spec;
}

std::unique_ptr<Gateway> make_gateway(const DownstreamSpec& spec, Instant begin, uint64_t seed) {
  Network network(spec.network, spec.round_trip, seed);
  if (spec.faster) network.faster(begin + spec.faster->first, spec.faster->second);
  auto gateway = std::make_unique<Gateway>(std::move(network), seed + 1);
  for (const BoundSpec& bound : spec.bounds) {
    Gateway::Bound made{make_meter(bound), bound.name, bound.enforce, {}};
    for (const auto& [at, count] : bound.levels) made.levels.emplace_back(begin + at, count);
    gateway->bounds.push_back(std::move(made));
  }
  if (!spec.keys.empty()) gateway->keys = std::make_unique<KeyMeter>(spec.keys);
  gateway->bad = spec.bad;
  for (BadStretch& bad : gateway->bad) {
    bad.from = Instant{bad.from.ns + begin.ns};
    bad.to = Instant{bad.to.ns + begin.ns};
  }
  gateway->counts_refused = spec.counts_refused;
  gateway->throttle_by_key = spec.throttle_by_key;
  gateway->retry_after = spec.retry_after;
  gateway->fixed_retry_after = spec.fixed_retry_after;
  gateway->service = spec.service;
  return gateway;
}

}  // namespace forebay::sim
