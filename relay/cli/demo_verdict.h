// The verdict on a demo: what was promised, what was seen, and whether it holds. Pure.
//
// Time to drain runs from the start of the burst to the last arrival that the gateway took. Every arrival
// costs one permit, failed ones too, so the ideal is (taken + failed) / rate; it may be exceeded by 3 %.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "relay/cli/gateway_score.h"
#include "relay/cli/spec.h"

namespace forebay {

struct DemoFigures {
  uint64_t sent = 0, accepted = 0;
  double accept_seconds = 0;
  uint64_t waiting = 0, dead = 0;  // in the relay, at the end
  double drain_seconds = 0;
  RateSpec limit;
  GatewaySummary gateway;
};

struct VerdictRow {
  std::string what, seen, promised;  // promised empty: no promise
  bool holds = true;
};

struct Verdict {
  std::vector<VerdictRow> rows;
  bool holds = true;
};

double ideal_seconds(const DemoFigures& figures);
Verdict judge(const DemoFigures& figures);
std::string verdict_text(const Verdict& verdict);

}  // namespace forebay
