#include "sim/plan/needed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "limiter/limit_name.h"

namespace forebay::sim {
namespace {

constexpr uint64_t count_max = 10'000'000;
constexpr uint64_t runs_max = 40;
constexpr uint64_t proportional_runs = 4;

struct Pair {
  double cost = 0, seconds = 0;  // between i's arrival and j's, and what is let through in between
};

// The pair that is the latest at that rate, in one pass: the latest i is the one with the least c_i - r a_i so far.
Pair latest(const std::vector<PlanArrival>& arrivals, double rate) {
  Pair best, from;
  double cost = 0, least = 0, most = -1;
  for (const PlanArrival& arrival : arrivals) {
    const double at = arrival.at.as_seconds(), value = cost - rate * at;
    if (cost == 0 || value < least) least = value, from = {cost, at};
    if (value - least > most) most = value - least, best = {cost - from.cost, at - from.seconds};
    cost += arrival.cost;
  }
  return best;
}

void drop_rates(std::vector<LimitConfig>* limits) {
  std::erase_if(*limits, [](const LimitConfig& l) { return l.kind != LimitConfig::Kind::calendar && l.enforce; });
}

PlanInput only_into(const Config& config, const std::string& sink, const PlanInput& input) {
  PlanInput part = input;
  std::erase_if(part.arrivals, [&](const PlanArrival& arrival) {
    const auto queue = config.queues.find(input.queues[arrival.queue]);
    return queue == config.queues.end() || queue->second.sink != sink;
  });
  return part;
}

// Looks for the least count, between those that do not (`fails`) and those that do (`meets`).
class Search {
 public:
  Search(const Config& config, const PlanInput& input, const std::string& sink, Duration target,
         const PlanProgress& progress)
      : config_(config), input_(input), sink_(sink), target_(target), progress_(progress) {}

  Needed run() {
    Needed answer;
    answer.sink = sink_;
    answer.bound = least_rate(input_.arrivals, target_ - input_.round_trip);
    per_ = answer.bound >= 1        ? Duration::seconds(1)
           : answer.bound * 60 >= 1 ? Duration::minutes(1)
                                    : Duration::hours(1);
    uint64_t next = std::clamp<uint64_t>(static_cast<uint64_t>(std::ceil(answer.bound * per_.as_seconds() - 1e-9)),
                                         largest_cost(), count_max);
    fails_ = largest_cost() - 1;
    while (!stuck_ && runs_ < runs_max && (!meets_ || *meets_ - fails_ > 1)) next = after(next, attempt(next));
    answer.met = meets_.has_value();
    answer.limit = name(meets_.value_or(fails_));
    answer.longest = answer.met ? longest_met_ : longest_;
    if (!answer.met) answer.holds = holds_;
    answer.runs = runs_;
    answer.events = events_;
    return answer;
  }

 private:
  std::string name(uint64_t count) const {
    LimitConfig limit;
    limit.count = count;
    limit.per = per_;
    return limit_name(limit);
  }

  uint64_t largest_cost() const {
    uint64_t most = 1;
    for (const PlanArrival& arrival : input_.arrivals) most = std::max<uint64_t>(most, arrival.cost);
    return most;
  }

  // Does that count do?
  bool attempt(uint64_t count) {
    ++runs_;
    const PlanResult result = plan(with_rate(config_, sink_, count, per_), input_, progress_);
    bool whole = result.error.empty();
    events_ += result.events;
    Duration longest;
    holds_ = result.error;
    for (const auto& [queue, figures] : result.queues) {
      whole &= figures.waiting + figures.expired + figures.refused == 0;
      longest = std::max(longest, figures.delay.longest);
      for (const Binding& binding : figures.bindings) {
        if (holds_.empty() && binding.limit != name(count)) holds_ = binding.limit;
      }
    }
    const bool met = whole && longest <= target_;
    // More does not help any more: something else holds.
    stuck_ = !met && !meets_ && runs_ > 1 && longest >= longest_ - Duration::milliseconds(1) && whole == whole_;
    longest_ = longest;
    whole_ = whole;
    if (met) longest_met_ = longest;
    return met;
  }

  // What to try after `count`: in proportion to what it came to. Once that has had its chance, half as much again; and
  // between two, the middle.
  uint64_t after(uint64_t count, bool met) {
    (met ? meets_.emplace() : fails_) = count;
    const double ratio = longest_ > Duration{} ? longest_.as_seconds() / target_.as_seconds() : 0;
    uint64_t guess = static_cast<uint64_t>(std::ceil(static_cast<double>(count) * (whole_ ? ratio : 2)));
    if (!meets_) {
      stuck_ |= count >= count_max;
      return std::min(std::max(guess, count + 1 + count / (runs_ > proportional_runs ? 2 : 256)), count_max);
    }
    if (fails_ + 1 >= *meets_) return *meets_;
    if (runs_ > proportional_runs) guess = fails_ + (*meets_ - fails_) / 2;
    return std::clamp(guess, fails_ + 1, *meets_ - 1);
  }

  const Config& config_;
  const PlanInput& input_;
  std::string sink_;
  Duration target_, per_;
  const PlanProgress& progress_;
  uint64_t runs_ = 0, events_ = 0, fails_ = 0;
  std::optional<uint64_t> meets_;
  bool stuck_ = false, whole_ = true;
  Duration longest_, longest_met_;
  std::string holds_;
};

}  // namespace

double least_rate(const std::vector<PlanArrival>& arrivals, Duration wait) {
  // Dinkelbach: the ratio of the pair that is latest at one rate is the next rate. It only rises, and each step is
  // another pair's ratio, so it ends.
  double rate = 0;
  for (;;) {
    const Pair pair = latest(arrivals, rate);
    const double next = pair.cost / (pair.seconds + wait.as_seconds());
    if (!(next > rate)) return rate;
    rate = next;
  }
}

Config with_rate(const Config& config, const std::string& sink, uint64_t count, Duration per) {
  Config changed = config;
  SinkConfig& changed_sink = changed.sinks.at(sink);
  drop_rates(&changed_sink.limits);
  LimitConfig limit;
  limit.count = count;
  limit.per = per;
  changed_sink.limits.insert(changed_sink.limits.begin(), limit);
  for (auto& [name, queue] : changed.queues) {
    if (queue.sink == sink) drop_rates(&queue.limits);
  }
  return changed;
}

std::vector<Needed> needed(const Config& config, const PlanInput& input, Duration target,
                           const PlanProgress& progress) {
  std::vector<Needed> answers;
  for (const auto& [sink, settings] : config.sinks) {
    const PlanInput part = only_into(config, sink, input);
    if (!part.arrivals.empty()) answers.push_back(Search(config, part, sink, target, progress).run());
  }
  return answers;
}

}  // namespace forebay::sim
