#include "sim/plan/plan.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/random.h"
#include "sim/class_number.h"
#include "sim/plan/plan_watch.h"
#include "sim/world.h"

namespace forebay::sim {
namespace {

// The input's arrivals, as requests to one world.
class PlanSource : public Source {
 public:
  PlanSource(const World& world, const PlanInput& input) : input_(input) {
    for (const std::string& queue : input.queues) {
      ids_.push_back(world.queue_id(queue));
      const auto config = world.config().queues.find(queue);
      for (const std::string& klass : input.classes) {
        const bool known = config != world.config().queues.end();
        numbers_.push_back(known ? class_number(config->second, klass).value_or(0) : uint8_t{0});
      }
    }
  }

  std::optional<Arrival> next() override {
    if (place_ == input_.arrivals.size()) return std::nullopt;
    const PlanArrival& from = input_.arrivals[place_++];
    Arrival arrival;
    arrival.at = from.at;
    arrival.request.queue = ids_[from.queue];
    arrival.request.klass = numbers_[from.queue * input_.classes.size() + from.klass];
    arrival.request.bytes = input_.bytes;
    arrival.request.cost = from.cost;
    arrival.request.key = from.key;
    return arrival;
  }

 private:
  const PlanInput& input_;
  std::vector<QueueId> ids_;
  std::vector<uint8_t> numbers_;  // by queue and class
  size_t place_ = 0;
};

// Ideal, but for a share of its answers.
class PlanDownstream : public IdealDownstream {
 public:
  PlanDownstream(Duration round_trip, double fail) : IdealDownstream(round_trip), fail_(fail), random_(1) {}
  Answer arrives(const Event& request) override {
    Answer answer = IdealDownstream::arrives(request);
    if (fail_ > 0 && static_cast<double>(random_.below(1'000'000)) < fail_ * 1e6) {
      answer.kind = Outcome::Kind::retry;
      answer.status = 500;
      answer.taken = false;
    }
    return answer;
  }

 private:
  double fail_;
  Random random_;
};

// A message above the largest cost is refused at the door for what it is (422): no plan tells what to do with it.
std::string costs_too_much(World& world, const PlanInput& input) {
  std::vector<uint32_t> most;
  for (const std::string& queue : input.queues) {
    const QueueId id = world.queue_id(queue);
    most.push_back(id == 0 ? 0 : world.core().cost_max(id));
  }
  for (size_t i = 0; i < input.arrivals.size(); ++i) {
    const PlanArrival& arrival = input.arrivals[i];
    if (arrival.cost <= most[arrival.queue]) continue;
    return fmt::format(
        "message {} costs {}, and the limits of queue \"{}\" let {} through at most: the door refuses it", i + 1,
        arrival.cost, input.queues[arrival.queue], most[arrival.queue]);
  }
  return "";
}

}  // namespace

PlanResult plan(const Config& config, const PlanInput& input, const PlanProgress& progress) {
  PlanResult result;
  result.error = why_not_planned(config, input);
  if (!result.error.empty()) return result;
  WorldOptions options;
  options.starts = input.starts;
  options.sync = {Duration{}, Duration{}};
  options.journal_spends = false;
  World world(config, options);
  result.error = costs_too_much(world, input);
  if (!result.error.empty()) return result;
  PlanDownstream downstream(input.round_trip, input.fail);
  for (const auto& [name, sink] : config.sinks) world.set_downstream(name, &downstream);
  PlanWatch watch(config, world.core(), world.now(), progress);
  world.add_observer(&watch);
  PlanSource source(world, input);
  world.add_source(&source);
  // Not idle by its end: what waits, waits until then.
  if (!world.run_until_idle(input.most)) world.run_until(input.most);
  watch.finish(world.now(), &result);
  result.events = world.counts().core_events();
  return result;
}

}  // namespace forebay::sim
