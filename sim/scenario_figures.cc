// Scenarios: the figures that may be expected, by name.
#include <algorithm>
#include <iterator>

#include "sim/scenario_parts.h"

namespace forebay::sim {
namespace {

using Ask = double (*)(const Finished& f, const Expectation& e);

double seconds_or(const std::optional<Duration>& at, double otherwise) {
  return at ? at->as_seconds() : otherwise;
}

double count(uint64_t n) {
  return static_cast<double>(n);
}

double utilisation(const Finished& f, const Expectation& e) {
  const Gateway* gateway = f.gateway(e.sink);
  if (gateway == nullptr) return -1;
  const Instant begin = f.world.now().steady - f.world.elapsed();
  const Duration to = std::min(e.which.to, f.ended);
  return count(f.figures.taken_cost(e.which)) / gateway->capacity(begin + e.which.from, begin + to);
}

// The most that a window of that bound held, as the downstream counts it.
double worst(const Finished& f, const Expectation& e) {
  const Gateway* gateway = f.gateway(e.sink);
  if (gateway == nullptr) return -1;
  for (const Gateway::Bound& bound : gateway->bounds) {
    if (e.bound.empty() || bound.name == e.bound) return count(bound.meter->worst());
  }
  return -1;
}

// How far any key got above any of its bounds.
double keys_over(const Finished& f, const Expectation& e) {
  const Gateway* gateway = f.gateway(e.sink);
  if (gateway == nullptr || gateway->keys == nullptr) return -1;
  double over = 0;
  for (const KeyMeter::Window& window : gateway->keys->windows()) {
    over = std::max(over, count(window.worst) - count(window.bound));
  }
  return over;
}

double refused_share(const Finished& f, const Expectation& e) {
  return count(f.figures.refused(e.which)) / std::max(1.0, count(f.figures.arrivals(e.which)));
}

uint64_t waiting(const Finished& f, const Expectation& e) {
  uint64_t sum = 0;
  if (!f.world.up()) return f.world.backlog().waiting();
  for (const Queue& queue : f.world.core().queues()) {
    if (!e.which.queue || *e.which.queue == queue.id) sum += queue.waiting();
  }
  return sum;
}

struct Named {
  std::string_view name;
  Ask ask;
};

const Named named[] = {
    {"accepted", [](const Finished& f, const Expectation& e) { return count(f.figures.accepted(e.which)); }},
    {"turned_away", [](const Finished& f, const Expectation& e) { return count(f.figures.turned_away(e.which)); }},
    {"given_up", [](const Finished& f, const Expectation&) { return count(f.world.counts().given_up); }},
    {"sent", [](const Finished& f, const Expectation& e) { return count(f.figures.sends(e.which)); }},
    {"delivered", [](const Finished& f, const Expectation& e) { return count(f.figures.delivered(e.which)); }},
    {"expired", [](const Finished& f, const Expectation& e) { return count(f.figures.expired(e.which)); }},
    {"dead", [](const Finished& f, const Expectation& e) { return count(f.figures.dead(e.which)); }},
    {"waiting", [](const Finished& f, const Expectation& e) { return count(waiting(f, e)); }},
    {"again", [](const Finished& f, const Expectation&) { return count(f.ledger.again()); }},
    {"idle_at", [](const Finished& f, const Expectation&) { return f.ended.as_seconds(); }},
    {"arrived", [](const Finished& f, const Expectation& e) { return count(f.figures.arrivals(e.which)); }},
    {"taken", [](const Finished& f, const Expectation& e) { return count(f.figures.taken(e.which)); }},
    {"taken_cost", [](const Finished& f, const Expectation& e) { return count(f.figures.taken_cost(e.which)); }},
    {"refused", [](const Finished& f, const Expectation& e) { return count(f.figures.refused(e.which)); }},
    {"refused_share", refused_share},
    {"utilisation", utilisation},
    {"worst", worst},
    {"keys_over", keys_over},
    {"peak", [](const Finished& f, const Expectation& e) { return count(f.figures.peak_arrivals(e.which, e.per)); }},
    {"first_send",
     [](const Finished& f, const Expectation& e) { return seconds_or(f.figures.first_send(e.which), -1); }},
    {"last_send", [](const Finished& f, const Expectation& e) { return seconds_or(f.figures.last_send(e.which), -1); }},
    {"longest_pause",
     [](const Finished& f, const Expectation& e) { return f.figures.longest_pause(e.which).as_seconds(); }},
    {"delay_mean", [](const Finished& f, const Expectation& e) { return f.figures.delay_mean(e.which); }},
    {"delay_p50", [](const Finished& f, const Expectation& e) { return f.figures.delay_quantile(e.which, 0.5); }},
    {"delay_p99", [](const Finished& f, const Expectation& e) { return f.figures.delay_quantile(e.which, 0.99); }},
    {"delay_max", [](const Finished& f, const Expectation& e) { return f.figures.delay_quantile(e.which, 1); }},
    {"delay_of", [](const Finished& f, const Expectation& e) { return f.figures.delay_of(e.which, e.k); }},
    {"inversions", [](const Finished& f, const Expectation&) { return count(f.priority.inversions()); }},
    {"longest_gap",
     [](const Finished& f, const Expectation& e) {
       return count(f.priority.longest_gap(e.which.queue.value_or(1), e.which.klass.value_or(0)));
     }},
    {"turns_behind", [](const Finished& f, const Expectation&) { return count(f.fairness.worst()); }},
};

const Named* find(std::string_view name) {
  const auto* found = std::find_if(std::begin(named), std::end(named), [&](const Named& n) { return n.name == name; });
  return found == std::end(named) ? nullptr : found;
}

}  // namespace

bool is_figure(std::string_view name) {
  return find(name) != nullptr;
}

double figure_of(const Finished& finished, const Expectation& expectation) {
  return find(expectation.figure)->ask(finished, expectation);
}

}  // namespace forebay::sim
