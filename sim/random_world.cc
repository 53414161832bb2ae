#include "sim/random_world.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration_text.h"
#include "config/forms.h"
#include "sim/draw.h"

namespace forebay::sim {
namespace {

constexpr Duration traffic_lasts = Duration::minutes(5);
constexpr Duration faults_end = Duration::minutes(6);

class Drawing {
 public:
  explicit Drawing(uint64_t seed) : random_(seed) {
    scenario_.name = fmt::format("random world {}", seed);
    scenario_.lasts = Duration::hours(8);
    scenario_.until_idle = true;
    scenario_.seeds = {seed};
  }

  Scenario draw() {
    const uint64_t sinks = 1 + random_.below(3);
    for (uint64_t i = 0; i < sinks; ++i) draw_sink(fmt::format("s{}", i));
    const uint64_t queues = sinks + random_.below(3);
    for (uint64_t i = 0; i < queues; ++i) draw_queue(fmt::format("q{}", i), fmt::format("s{}", i % sinks));
    draw_faults();
    draw_key_limits();
    for (const auto& [name, sink] : scenario_.config.sinks) {
      Expectation none_refused;
      none_refused.figure = "refused";
      none_refused.most = 0;
      none_refused.sink = name;
      scenario_.expectations.push_back(none_refused);
    }
    return std::move(scenario_);
  }

 private:
  bool one_in(uint64_t n) { return random_.below(n) == 0; }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + random_.below(choices.size()));
  }

  void bind(SinkConfig* sink, DownstreamSpec* gateway, uint64_t count, Duration per) {
    LimitConfig limit;
    limit.count = count;
    limit.per = per;
    limit.name = format_rate(count, per);
    limit.strict = one_in(4);
    BoundSpec bound;
    bound.name = limit.name;
    bound.count = count;
    bound.per = per;
    bound.kind = one_in(3) ? BoundSpec::Kind::fixed : BoundSpec::Kind::sliding;
    bound.skew = uniform(random_, {}, Duration::seconds(2));
    sink->limits.push_back(limit);
    gateway->bounds.push_back(bound);
  }

  void draw_sink(const std::string& name) {
    SinkConfig sink;
    sink.name = name;
    sink.url = "http://127.0.0.1:1/";
    sink.concurrency = static_cast<uint32_t>(4 + random_.below(200));
    sink.timeout = one_of({Duration::seconds(1), Duration::seconds(3), Duration::seconds(10)});
    sink.pace = one_of({Duration::milliseconds(50), Duration{}, Duration::milliseconds(5)});
    sink.pace_off = one_in(6);
    DownstreamSpec gateway;
    const uint64_t per_second = 5 + random_.below(300);
    bind(&sink, &gateway, per_second, Duration::seconds(1));
    if (one_in(3)) bind(&sink, &gateway, 1 + per_second * (20 + random_.below(40)), Duration::minutes(1));
    if (one_in(4)) bind(&sink, &gateway, 1 + per_second * (300 + random_.below(600)), Duration::minutes(30));
    gateway.network = one_of({Network::Kind::lan, Network::Kind::wan, Network::Kind::fixed});
    gateway.round_trip = uniform(random_, {}, Duration::milliseconds(80));
    gateway.service = uniform(random_, {}, Duration::milliseconds(50));
    gateway.counts_refused = one_in(2);
    for (uint64_t i = random_.below(3); i > 0; --i) gateway.bad.push_back(draw_bad(sink));
    scenario_.config.sinks[name] = sink;
    scenario_.downstreams[name] = gateway;
  }

  BadStretch draw_bad(const SinkConfig& sink) {
    using Kind = BadStretch::Kind;
    BadStretch bad;
    bad.kind = one_of({Kind::outage, Kind::silent, Kind::slow, Kind::stalling, Kind::flapping, Kind::failing,
                       Kind::late, Kind::resets});
    bad.from = Instant{uniform(random_, {}, faults_end - Duration::seconds(1)).ns};
    bad.to = std::min(bad.from + uniform(random_, Duration::seconds(1), Duration::minutes(2)), Instant{faults_end.ns});
    bad.delay = uniform(random_, Duration::milliseconds(100), Duration::seconds(4));
    // Later than a grace (the timeout) after the attempt was given up, no bound can hold.
    if (bad.kind == Kind::late) bad.delay = std::min(bad.delay, sink.timeout * 2 - Duration::milliseconds(500));
    bad.one_in = static_cast<uint32_t>(1 + random_.below(20));
    bad.status = one_of({500, 502, 408, 400});
    return bad;
  }

  void draw_queue(const std::string& name, const std::string& sink) {
    QueueConfig queue;
    queue.name = name;
    queue.sink = sink;
    queue.retry.max_attempts = static_cast<uint32_t>(2 + random_.below(50));
    queue.retry.min_backoff = one_of({Duration::milliseconds(100), Duration::seconds(1)});
    queue.retry.max_backoff = Duration::seconds(static_cast<int64_t>(2 + random_.below(60)));
    if (one_in(3)) queue.max_messages = 100 + random_.below(5'000);
    if (one_in(4)) queue.ttl = uniform(random_, Duration::seconds(5), Duration::minutes(5));
    queue.refuse_late = one_in(4);
    shape_queue(&queue);
    scenario_.config.queues[name] = queue;
    const auto id = static_cast<QueueId>(scenario_.config.queues.size());
    const double rate = static_cast<double>(scenario_.config.sinks.at(sink).limits.front().count);
    for (uint64_t i = 1 + random_.below(2); i > 0; --i)
      scenario_.traffic.push_back(draw_traffic(id, rate, queue.classes.size()));
  }

  // Classes, keys, shares: who goes first.
  void shape_queue(QueueConfig* queue) {
    queue->share = one_of({1.0, 0.5, 3.0});
    queue->strict_order = one_in(4);
    queue->supersede = one_in(6);
    if (one_in(3)) queue->max_flows = 1 + random_.below(50);
    if (one_in(3)) queue->hours.closed = {{"*/7 * * * *", Duration::seconds(40), ""}};
    if (one_in(2)) {
      for (const char* name : {"bulk", "otp", "slow"}) {
        ClassConfig& klass = queue->classes[name];
        klass.name = name;
        klass.priority = static_cast<uint32_t>(random_.below(4));
        if (one_in(3)) klass.floor = 0.05;
        if (one_in(5)) klass.ttl = Duration::seconds(30);
      }
    }
  }

  // What the downstream of a sink counts per key, its queues keep to. What a crash takes back goes out again and may be
  // one too many for its key (killed_key_limits.yaml), so only where there is none.
  void draw_key_limits() {
    const auto is_crash = [](const FaultSpec& f) {
      return f.kind == FaultSpec::Kind::kill || f.kind == FaultSpec::Kind::power_cut;
    };
    if (std::any_of(scenario_.faults.begin(), scenario_.faults.end(), is_crash)) return;
    for (auto& [name, sink] : scenario_.config.sinks) {
      if (!one_in(2)) continue;
      for (const auto& [count, per] : {std::pair(3, Duration::seconds(10)), {10, Duration::minutes(2)}}) {
        LimitConfig limit;
        limit.count = static_cast<uint64_t>(count);
        limit.per = per;
        limit.name = "key:" + format_rate(limit.count, per);
        sink.key_limits.push_back(limit);
        scenario_.downstreams[name].keys.push_back({limit.count, per});
      }
      spread_keys(name);
    }
  }

  // A key with thousands waiting behind ten in two minutes would take days.
  void spread_keys(const std::string& sink) {
    for (TrafficSpec& spec : scenario_.traffic) {
      const auto queue = std::next(scenario_.config.queues.begin(), spec.stamp.request.queue - 1);
      if (queue->second.sink != sink || spec.stamp.keys.kind == KeyModel::Kind::none) continue;
      spec.stamp.keys.kind = KeyModel::Kind::uniform;
      spec.stamp.keys.keys = 5'000;
    }
  }

  TrafficSpec draw_traffic(QueueId queue, double rate, size_t classes) {
    using Kind = TrafficSpec::Kind;
    TrafficSpec spec;
    spec.kind = one_of({Kind::steady, Kind::poisson, Kind::burst, Kind::ramp});
    spec.count = 1 + static_cast<uint64_t>(rate * uniform(random_) * 0.9);
    if (spec.kind == Kind::burst) spec.count *= 1 + random_.below(100);
    spec.from = uniform(random_, {}, Duration::seconds(60));
    spec.lasts = traffic_lasts - spec.from;
    if (spec.kind == Kind::burst && one_in(2))
      spec.every = uniform(random_, Duration::seconds(30), Duration::minutes(3));
    if (spec.kind == Kind::ramp) {
      for (const int minute : {0, 1, 3, 5}) {
        spec.corners.emplace_back(Duration::minutes(minute), rate * uniform(random_) * 1.5);
      }
      spec.poisson = one_in(2);
    }
    spec.stamp.request.queue = queue;
    spec.stamp.request.bytes = 300;
    if (one_in(2)) spec.stamp.request.klass = static_cast<uint8_t>(random_.below(classes + 1));
    if (one_in(4)) spec.stamp.cost_most = 3;
    spec.stamp.keys.kind =
        one_of({KeyModel::Kind::none, KeyModel::Kind::uniform, KeyModel::Kind::hot, KeyModel::Kind::fresh});
    spec.stamp.keys.keys = 1 + random_.below(1'000);
    if (one_in(4)) spec.stamp.delay_most = Duration::minutes(1);
    if (one_in(4)) spec.stamp.request.ttl = uniform(random_, Duration::seconds(1), Duration::minutes(2));
    spec.patience = {static_cast<uint32_t>(random_.below(10)),
                     uniform(random_, Duration::milliseconds(100), Duration::seconds(5)), one_in(2)};
    return spec;
  }

  void draw_faults() {
    using Kind = FaultSpec::Kind;
    for (uint64_t i = random_.below(5); i > 0; --i) {
      FaultSpec fault;
      fault.kind = one_of({Kind::kill, Kind::power_cut, Kind::clock_step, Kind::disk_full});
      fault.at = uniform(random_, {}, faults_end - Duration::seconds(30));
      fault.how_long = uniform(random_, Duration::milliseconds(10), Duration::seconds(20));
      if (fault.kind == Kind::clock_step) fault.how_long = uniform(random_, Duration::hours(-3), Duration::hours(3));
      scenario_.faults.push_back(fault);
    }
  }

  Random random_;
  Scenario scenario_;
};

}  // namespace

Scenario random_scenario(uint64_t seed) {
  return Drawing(seed).draw();
}

std::string describe(const Scenario& scenario) {
  std::string text;
  for (const auto& [name, sink] : scenario.config.sinks) {
    text += fmt::format("  sink {}: concurrency {}, timeout {}, limits", name, sink.concurrency,
                        format_duration(sink.timeout));
    for (const LimitConfig& limit : sink.limits) text += " " + limit.name;
    const auto downstream = scenario.downstreams.find(name);
    if (downstream != scenario.downstreams.end()) {
      for (const BadStretch& bad : downstream->second.bad) {
        text += fmt::format("; bad {} from {:.3f} to {:.3f} s", static_cast<int>(bad.kind),
                            Duration{bad.from.ns}.as_seconds(), Duration{bad.to.ns}.as_seconds());
      }
    }
    text += "\n";
  }
  for (const FaultSpec& fault : scenario.faults) {
    text += fmt::format("  fault {} at {:.3f} s, {:.3f} s\n", static_cast<int>(fault.kind), fault.at.as_seconds(),
                        fault.how_long.as_seconds());
  }
  text += fmt::format("  {} queues, {} producers\n", scenario.config.queues.size(), scenario.traffic.size());
  return text;
}

}  // namespace forebay::sim
