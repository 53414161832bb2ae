#include "sim/plan/plan_watch.h"

#include <algorithm>
#include <cmath>

namespace forebay::sim {
namespace {

constexpr uint64_t progress_every = 8192;

// The nearest rank, as in sim/figures.h.
Duration quantile(std::vector<Duration>* all, double q) {
  if (all->empty()) return {};
  const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(all->size())));
  const auto at = all->begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
  std::nth_element(all->begin(), at, all->end());
  return *at;
}

DelayFigures figures_of(std::vector<Duration>* delays) {
  return {quantile(delays, 0.5), quantile(delays, 0.99), quantile(delays, 1)};
}

void add(const PlanCounts& counts, PlanCounts* sum) {
  sum->came += counts.came;
  sum->refused += counts.refused;
  sum->delivered += counts.delivered;
  sum->expired += counts.expired;
  sum->dead += counts.dead;
  sum->gone += counts.gone;
  sum->waiting += counts.waiting;
}

}  // namespace

PlanWatch::PlanWatch(const Config& config, Core& core, Now begin, PlanProgress progress)
    : config_(config), core_(core), begin_(begin.steady), progress_(std::move(progress)) {
  for (const Queue& queue : core.queues()) {
    Watched watched;
    for (const ClassLane& klass : queue.classes) watched.classes.push_back({klass.config.name, {}, {}, {}});
    queues_.push_back(std::move(watched));
  }
}

void PlanWatch::came(const Event& event) {
  Watched& queue = queues_[event.queue - 1];
  if (queue.binding == nullptr) {
    queue.binding = std::make_unique<BindingWatch>(*core_.queue(event.queue), config_, begin_);
    active_.push_back(event.queue - 1);
  }
  ++queue.classes[event.klass].counts.came;
  queue.backlog.set(since(event.now), queue.backlog.level() + 1);
  queue.bytes += event.bytes;
  queue.peak_bytes = std::max(queue.peak_bytes, queue.bytes);
}

void PlanWatch::refused(const Event& event, const Refusal&) {
  PlanCounts& counts = queues_[event.queue - 1].classes[event.klass].counts;
  ++counts.came;
  ++counts.refused;
}

void PlanWatch::delivered(const Event& event) {
  queues_[event.queue - 1].classes[event.klass].delays.push_back(event.waited);
  over(event, &PlanCounts::delivered);
}

void PlanWatch::over(const Event& event, uint64_t PlanCounts::*counter) {
  Watched& queue = queues_[event.queue - 1];
  Class& klass = queue.classes[event.klass];
  ++(klass.counts.*counter);
  klass.last = since(event.now);
  queue.backlog.set(klass.last, queue.backlog.level() - 1);
  queue.bytes -= event.bytes;
  if (++through_ % progress_every == 0 && progress_) progress_(through_);
}

void PlanWatch::turned(Now now, Core& core) {
  for (const size_t place : active_) queues_[place].binding->turned(now, core);
}

ClassPlan PlanWatch::told(const Class& klass, std::vector<Duration>* delays) {
  ClassPlan plan;
  static_cast<PlanCounts&>(plan) = klass.counts;
  const PlanCounts& c = klass.counts;
  plan.waiting = c.came - c.refused - c.delivered - c.expired - c.dead - c.gone;
  if (plan.waiting == 0) plan.drains = klass.last;
  delays->insert(delays->end(), klass.delays.begin(), klass.delays.end());
  std::vector<Duration> own = klass.delays;
  plan.delay = figures_of(&own);
  return plan;
}

// Queues of one sink tell of its quotas each; what any of them saw counts, the earliest first.
void PlanWatch::tell_quotas(const Watched& watched, PlanResult* result) const {
  for (const Quota& quota : watched.binding->quotas()) {
    const auto same = [&](const Quota& q) { return q.limit == quota.limit && q.of == quota.of; };
    const auto found = std::find_if(result->quotas.begin(), result->quotas.end(), same);
    if (found == result->quotas.end()) {
      result->quotas.push_back(quota);
      continue;
    }
    std::vector<Quota::Out> all = found->out;
    all.insert(all.end(), quota.out.begin(), quota.out.end());
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    found->out.clear();
    for (const Quota::Out& out : all) {
      if (found->out.empty() || out.at > found->out.back().until) found->out.push_back(out);
      found->out.back().until = std::max(found->out.back().until, out.until);
    }
  }
}

void PlanWatch::finish(Now now, PlanResult* result) {
  for (const size_t place : active_) {
    Watched& watched = queues_[place];
    watched.binding->finish(now);
    const QueueConfig& config = core_.queue(static_cast<QueueId>(place + 1))->config;
    QueuePlan& plan = result->queues[config.name];
    std::vector<Duration> delays;
    Duration last;
    for (const Class& klass : watched.classes) {
      if (klass.counts.came == 0) continue;
      const ClassPlan& part = plan.classes[klass.name] = told(klass, &delays);
      add(part, &plan);
      last = std::max(last, klass.last);
    }
    if (plan.waiting == 0) plan.drains = last;
    plan.delay = figures_of(&delays);
    plan.sink = config.sink;
    plan.peak_messages = watched.backlog.peak();
    plan.peak_bytes = watched.peak_bytes;
    plan.bindings = watched.binding->bindings();
    plan.backlog = std::move(watched.backlog);
    tell_quotas(watched, result);
    result->lasted = std::max(result->lasted, plan.waiting == 0 ? last : since(now));
  }
}

}  // namespace forebay::sim
