// Scenarios: from structs to a world, and what came of it.
#include <cerrno>

#include "sim/scenario_parts.h"

namespace forebay::sim {
namespace {

void plan_fault(World& world, const FaultSpec& fault) {
  switch (fault.kind) {
    case FaultSpec::Kind::kill:
      return world.at(fault.at, [&world, fault] { world.crash(SimBacklog::Crash::killed, fault.how_long); });
    case FaultSpec::Kind::power_cut:
      return world.at(fault.at, [&world, fault] { world.crash(SimBacklog::Crash::power_cut, fault.how_long); });
    case FaultSpec::Kind::clock_step:
      return world.at(fault.at, [&world, fault] { world.step_wall(fault.how_long); });
    case FaultSpec::Kind::disk_full:
      world.at(fault.at, [&world] { world.refuse_messages(ENOSPC); });
      world.at(fault.at + fault.how_long, [&world] { world.refuse_messages(0); });
  }
}

// A scenario's world with everything that stands around it, in the order in which it is built.
class Stage {
 public:
  Stage(const Scenario& scenario, uint64_t seed)
      : scenario_(scenario),
        random_(seed),
        world_(scenario.config, options(scenario, random_.next())),
        begin_(world_.now().steady),
        figures_(begin_),
        room_(scenario.config),
        priority_(scenario.config),
        convergence_(scenario.converges.value_or(Duration{})) {
    for (Observer* observer : std::initializer_list<Observer*>{&figures_, &ledger_, &room_})
      world_.add_observer(observer);
    if (asks_for("inversions") || asks_for("longest_gap")) world_.add_observer(&priority_);
    if (asks_for("turns_behind")) world_.add_observer(&fairness_);
    for (const auto& [name, sink] : scenario.config.sinks) {
      const auto spec = scenario.downstreams.find(name);
      gateways_[name] =
          make_gateway(spec == scenario.downstreams.end() ? DownstreamSpec{} : spec->second, begin_, random_.next());
      world_.set_downstream(name, gateways_[name].get());
    }
    for (const TrafficSpec& spec : scenario.traffic) {
      sources_.push_back(make_traffic(spec, scenario.lasts, random_.next()));
      world_.add_source(sources_.back().get());
    }
    for (const FaultSpec& fault : scenario.faults) plan_fault(world_, fault);
  }

  ScenarioResult play() {
    ScenarioResult result;
    if (scenario_.until_idle) {
      if (!world_.run_until_idle(scenario_.lasts)) result.failures.push_back("it is not through when its time is up");
    } else {
      world_.run_until(scenario_.lasts);
    }
    const Duration ended = world_.elapsed();
    if (scenario_.converges) convergence_.finish(world_);
    for (const Expectation& e : scenario_.expectations) judge(e, ended, &result);
    ledger_.finish(world_);
    room_.finish(world_);
    for (const Checker* checker : std::initializer_list<const Checker*>{&ledger_, &room_, &convergence_}) {
      result.failures.insert(result.failures.end(), checker->violations().begin(), checker->violations().end());
    }
    result.digest = world_.digest();
    result.counts = world_.counts();
    result.virtual_time = world_.elapsed();
    return result;
  }

 private:
  static WorldOptions options(const Scenario& scenario, uint64_t seed) {
    WorldOptions options;
    options.seed = seed;
    options.starts = scenario.starts;
    options.sync = scenario.sync;
    return options;
  }

  bool asks_for(std::string_view figure) const {
    for (const Expectation& e : scenario_.expectations) {
      if (e.figure == figure) return true;
    }
    return false;
  }

  const Gateway* gateway(const std::string& sink) const {
    const auto found = sink.empty() ? gateways_.begin() : gateways_.find(sink);
    return found == gateways_.end() ? nullptr : found->second.get();
  }

  void judge(const Expectation& e, Duration ended, ScenarioResult* result) {
    Expectation asked = e;
    if (!e.sink.empty()) asked.which.sink = world_.sink_id(e.sink);
    const Finished finished{
        figures_, ledger_, priority_, fairness_, world_, [this](const std::string& s) { return gateway(s); }, ended};
    const double value = figure_of(finished, asked);
    const std::string text = fmt::format("line {}: {} is {:.9g}", e.line, e.figure, value);
    result->figures.push_back(text);
    // A nanosecond in a figure of seconds is no difference.
    if (value >= e.least - 1e-9 && value <= e.most + 1e-9) return;
    result->failures.push_back(fmt::format("{}, and not from {:.9g} to {:.9g}", text, e.least, e.most));
  }

  const Scenario& scenario_;
  Random random_;
  World world_;
  Instant begin_;
  Figures figures_;
  Ledger ledger_;
  Room room_;
  Priority priority_;
  Fairness fairness_;
  Convergence convergence_;
  std::map<std::string, std::unique_ptr<Gateway>> gateways_;
  std::vector<std::unique_ptr<Traffic>> sources_;
};

}  // namespace

ScenarioResult run_scenario(const Scenario& scenario, uint64_t seed) {
  return Stage(scenario, seed).play();
}

}  // namespace forebay::sim
