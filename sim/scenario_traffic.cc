// Scenarios: producers.
#include <algorithm>

#include "sim/scenario_parts.h"

namespace forebay::sim {
namespace {

void read_key(YamlReading& yaml, const YAML::Node& node, KeyModel* keys) {
  if (!yaml.section(node, {"kind", "keys", "share", "first"})) return;
  using Kind = KeyModel::Kind;
  const std::pair<std::string_view, Kind> kinds[] = {
      {"uniform", Kind::uniform}, {"hot", Kind::hot}, {"fresh", Kind::fresh}, {"round", Kind::round}};
  const std::string name = node["kind"] ? node["kind"].Scalar() : "uniform";
  const auto* kind = std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& k) { return k.first == name; });
  if (kind == std::end(kinds)) return yaml.complain(node, "no kind of keys `" + name + "`");
  keys->kind = kind->second;
  yaml.read_count(node, "keys", &keys->keys);
  yaml.read_count(node, "first", &keys->first);
  yaml.read(node, "share", &keys->hot_share);
}

// `burst: 1M` · `steady: 300/1s` · `poisson: 240/1s` · `ramp: [[0s, 0], [10s, 500]]` · `daily: {mean: 10, swing: 0.8}`
void read_rhythm(YamlReading& yaml, const YAML::Node& node, TrafficSpec* spec) {
  using Kind = TrafficSpec::Kind;
  if (node["burst"]) {
    spec->kind = Kind::burst;
    spec->count = yaml.count(node["burst"]);
  } else if (node["steady"] || node["poisson"]) {
    spec->kind = node["steady"] ? Kind::steady : Kind::poisson;
    yaml.rate(node["steady"] ? node["steady"] : node["poisson"], &spec->count, &spec->per);
  } else if (node["ramp"]) {
    spec->kind = Kind::ramp;
    for (const YAML::Node& corner : node["ramp"]) {
      if (!corner.IsSequence() || corner.size() != 2) return yaml.complain(corner, "a corner is [time, per second]");
      spec->corners.emplace_back(yaml.duration(corner[0]), yaml.number(corner[1]));
    }
  } else if (node["daily"]) {
    spec->kind = Kind::ramp;
    spec->poisson = true;
    spec->every = Duration::days(1);
    double mean = 1, swing = 0.8;
    yaml.read(node["daily"], "mean", &mean);
    yaml.read(node["daily"], "swing", &swing);
    spec->corners = Ramp::daily(mean, swing);
  } else {
    yaml.complain(node, "no rhythm: burst, steady, poisson, ramp or daily");
  }
}

}  // namespace

TrafficSpec read_traffic(YamlReading& yaml, const YAML::Node& node, const Config& config) {
  TrafficSpec spec;
  if (!yaml.section(
          node, {"queue", "class", "burst", "steady", "poisson", "ramp", "daily", "from", "for", "every", "key", "cost",
                 "cost_most", "bytes", "bytes_most", "delay_most", "delay", "ttl", "patience"})) {
    return spec;
  }
  read_rhythm(yaml, node, &spec);
  yaml.read(node, "from", &spec.from);
  yaml.read(node, "for", &spec.lasts);
  yaml.read(node, "every", &spec.every);
  Which which;
  which.queue = 1;
  read_queue_and_class(yaml, node, config, &which);
  AdmitRequest& request = spec.stamp.request;
  request.queue = *which.queue;
  request.klass = which.klass.value_or(0);
  request.bytes = 300;
  yaml.read_count(node, "bytes", &request.bytes);
  yaml.read_count(node, "bytes_most", &spec.stamp.bytes_most);
  yaml.read_count(node, "cost", &request.cost);
  yaml.read_count(node, "cost_most", &spec.stamp.cost_most);
  yaml.read(node, "delay_most", &spec.stamp.delay_most);
  if (node["delay"]) request.delay = yaml.duration(node["delay"]);
  if (node["ttl"]) request.ttl = yaml.duration(node["ttl"]);
  if (node["key"]) read_key(yaml, node["key"], &spec.stamp.keys);
  if (const YAML::Node patience = node["patience"]) {
    yaml.section(patience, {"tries", "after", "heeds_retry_after"});
    yaml.read_count(patience, "tries", &spec.patience.tries);
    yaml.read(patience, "after", &spec.patience.after);
    yaml.read(patience, "heeds_retry_after", &spec.patience.heeds_retry_after);
  }
  return spec;
}

std::unique_ptr<Traffic> make_traffic(const TrafficSpec& spec, Duration lasts, uint64_t seed) {
  const Duration length = spec.lasts == Duration::max() ? lasts - spec.from : spec.lasts;
  std::unique_ptr<Rhythm> rhythm;
  switch (spec.kind) {
    case TrafficSpec::Kind::steady:
      rhythm = std::make_unique<Steady>(spec.count, spec.per, spec.from, length);
      break;
    case TrafficSpec::Kind::poisson:
      rhythm = std::make_unique<Poisson>(static_cast<double>(spec.count) / spec.per.as_seconds(), spec.from, length);
      break;
    case TrafficSpec::Kind::burst:
      rhythm = std::make_unique<Burst>(spec.count, spec.from, spec.every, spec.from + length);
      break;
    case TrafficSpec::Kind::ramp:
      rhythm = std::make_unique<Ramp>(spec.corners, spec.poisson, spec.every, spec.from + length);
      break;
  }
  return std::make_unique<Traffic>(std::move(rhythm), spec.stamp, spec.patience, seed);
}

}  // namespace forebay::sim
