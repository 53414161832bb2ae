// What `forebay plan` found, and its two ways of being told: JSON for programs (design: plan --json), text for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/plan/needed.h"
#include "sim/plan/plan.h"

namespace forebay {

struct PlanSide {
  std::string name;  // the config's file
  sim::PlanResult result;
};

struct PlanReport {
  PlanSide plan;
  std::optional<PlanSide> against;
  std::optional<Duration> target;
  std::vector<sim::Needed> needed;
  WallTime starts;
};

struct PlanLook {
  size_t width = 80;
  bool blocks = false;  // the terminal shows block characters
};

// {"queues":{…}, "quotas":[…]}, with "needed" if there is a target and the other plan under "against". Times are
// seconds since the start; what never came to be (a drain that does not end, a delay of nothing) is null.
std::string plan_json(const PlanReport& report);
std::string plan_text(const PlanReport& report, const PlanLook& look);

// 1h12m, 4m59s, 12.3s, 840ms: two units at most.
std::string spoken(Duration duration);

}  // namespace forebay
