#include "sim/gateway.h"

#include <algorithm>
#include <limits>

namespace forebay::sim {

const BadStretch* Gateway::bad_at(Instant now) const {
  for (const BadStretch& stretch : bad) {
    if (now < stretch.from || now >= stretch.to) continue;
    if (stretch.kind != BadStretch::Kind::flapping) return &stretch;
    if ((now - stretch.from).ns / stretch.delay.ns % 2 == 0) return &stretch;
  }
  return nullptr;
}

Passage Gateway::leaves(const Event& request) {
  Passage passage;
  passage.takes = network_.there(request.now.steady);
  const BadStretch* stretch = bad_at(request.now.steady);
  if (stretch == nullptr) return passage;
  if (stretch->kind == BadStretch::Kind::outage || stretch->kind == BadStretch::Kind::flapping) {
    passage.connected = false;
    passage.takes = passage.takes + network_.back();
  } else if (stretch->kind == BadStretch::Kind::late && random_.below(stretch->one_in) == 0) {
    passage.takes = passage.takes + stretch->delay;
  }
  return passage;
}

void Gateway::change_levels(Now now) {
  for (Bound& bound : bounds) {
    const auto due = [&](const auto& level) { return level.first <= now.steady; };
    const auto later = std::find_if_not(bound.levels.begin(), bound.levels.end(), due);
    if (later != bound.levels.begin()) bound.meter->set_bound(now, std::prev(later)->second);
  }
}

bool Gateway::admits(const Event& request, bool* by_key) {
  bool all = true;
  for (Bound& bound : bounds) all &= !bound.enforce || bound.meter->has_room(request.now, request.cost);
  *by_key = keys && request.key != 0 && !keys->has_room(request.key, request.now.steady);
  return all && !*by_key;
}

void Gateway::count(const Event& request) {
  for (Bound& bound : bounds) bound.meter->count(request.now, request.cost);
  if (keys && request.key != 0) keys->count(request.key, request.now.steady);
}

Answer Gateway::too_many(const Event& request, bool by_key) {
  Answer answer;
  answer.taken = false;
  answer.kind = Outcome::Kind::throttled;
  answer.status = 429;
  answer.throttle_key = by_key && throttle_by_key;
  if (retry_after == RetryAfter::fixed) answer.retry_after = fixed_retry_after;
  if (retry_after == RetryAfter::exact) {
    Duration longest;
    for (Bound& bound : bounds) {
      if (bound.enforce) longest = std::max(longest, bound.meter->until_room(request.now, request.cost));
    }
    // Retry-After is in whole seconds.
    answer.retry_after = Duration::seconds(std::max<int64_t>(1, (longest.ns + 999'999'999) / 1'000'000'000));
  }
  ++refused_;
  return answer;
}

void Gateway::misbehave(const BadStretch& stretch, Answer* answer) {
  const bool struck = random_.below(stretch.one_in) == 0;
  switch (stretch.kind) {
    case BadStretch::Kind::silent:
      answer->replies = false;
      break;
    case BadStretch::Kind::slow:
      answer->takes = answer->takes + stretch.delay;
      break;
    case BadStretch::Kind::stalling:
      if (struck) answer->takes = answer->takes + stretch.delay;
      break;
    case BadStretch::Kind::resets:
      answer->reset = struck;
      break;
    case BadStretch::Kind::failing:
      if (!struck || !answer->taken) break;
      answer->kind = stretch.status >= 500 ? Outcome::Kind::retry : Outcome::Kind::dead;
      answer->status = static_cast<int16_t>(stretch.status);
      ++errors_;
      break;
    case BadStretch::Kind::outage:
    case BadStretch::Kind::flapping:
    case BadStretch::Kind::late:
      break;  // on the way there
  }
}

Answer Gateway::arrives(const Event& request) {
  ++arrived_;
  change_levels(request.now);
  bool by_key = false;
  const bool admitted = admits(request, &by_key);
  if (admitted || counts_refused) count(request);
  Answer answer = admitted ? Answer{} : too_many(request, by_key);
  if (admitted) ++taken_, taken_cost_ += request.cost;
  answer.takes = service + network_.back();
  if (const BadStretch* stretch = bad_at(request.now.steady)) misbehave(*stretch, &answer);
  return answer;
}

double Gateway::capacity(Instant from, Instant to) const {
  double least = std::numeric_limits<double>::infinity();
  for (const Bound& bound : bounds) {
    if (!bound.enforce) continue;
    double sum = 0;
    Instant at = from;
    // Without levels its bound is what it always was; with levels the first one says from when.
    uint64_t count = bound.levels.empty() ? bound.meter->bound() : bound.levels.front().second;
    for (const auto& [when, then] : bound.levels) {
      const Instant until = std::clamp(when, at, to);
      sum += static_cast<double>(count) * (until - at).as_seconds() / bound.meter->per().as_seconds();
      at = until;
      count = then;
    }
    sum += static_cast<double>(count) * (to - at).as_seconds() / bound.meter->per().as_seconds();
    least = std::min(least, sum);
  }
  return least;
}

}  // namespace forebay::sim
