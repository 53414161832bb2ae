#include <nlohmann/json.hpp>

#include "relay/cli/plan_report.h"

namespace forebay {
namespace {

using Json = nlohmann::ordered_json;

Json seconds(const std::optional<Duration>& duration) {
  return duration ? Json(duration->as_seconds()) : Json(nullptr);
}

Json of_class(const sim::ClassPlan& plan) {
  const auto delay = [&](Duration d) { return plan.delivered > 0 ? Json(d.as_seconds()) : Json(nullptr); };
  return {{"drain_seconds", seconds(plan.drains)},
          {"delay_seconds",
           {{"p50", delay(plan.delay.p50)}, {"p99", delay(plan.delay.p99)}, {"max", delay(plan.delay.longest)}}},
          {"came", plan.came},
          {"refused", plan.refused},
          {"delivered", plan.delivered},
          {"expired", plan.expired},
          {"dead", plan.dead},
          {"superseded", plan.gone},
          {"waiting", plan.waiting}};
}

Json of_queue(const sim::QueuePlan& plan) {
  Json json = of_class(plan);
  json["peak_messages"] = plan.peak_messages;
  json["peak_bytes"] = plan.peak_bytes;
  json["binding"] = Json::array();
  for (const sim::Binding& binding : plan.bindings) {
    json["binding"].push_back({{"limit", binding.limit},
                               {"seconds", binding.held.as_seconds()},
                               {"from_seconds", binding.from.as_seconds()},
                               {"to_seconds", binding.to.as_seconds()}});
  }
  json["classes"] = Json::object();
  for (const auto& [name, klass] : plan.classes) json["classes"][name] = of_class(klass);
  return json;
}

Json of_quota(const sim::Quota& quota) {
  Json out = Json::array();
  for (const sim::Quota::Out& time : quota.out) {
    out.push_back({{"from_seconds", time.at.as_seconds()}, {"to_seconds", time.until.as_seconds()}});
  }
  return {{"limit", quota.limit}, {"of", quota.of}, {"out", out}};
}

Json of_side(const PlanSide& side) {
  Json json{{"queues", Json::object()}, {"quotas", Json::array()}};
  for (const auto& [name, queue] : side.result.queues) json["queues"][name] = of_queue(queue);
  for (const sim::Quota& quota : side.result.quotas) json["quotas"].push_back(of_quota(quota));
  return json;
}

}  // namespace

std::string plan_json(const PlanReport& report) {
  Json json = of_side(report.plan);
  if (report.target) {
    json["needed"] = Json::array();
    for (const sim::Needed& needed : report.needed) {
      Json one{{"sink", needed.sink},
               {"limit", needed.met ? Json(needed.limit) : Json(nullptr)},
               {"target_seconds", report.target->as_seconds()},
               {"max_delay_seconds", needed.longest.as_seconds()},
               {"bound_per_second", needed.bound}};
      if (!needed.met) one["tried"] = needed.limit, one["held_by"] = needed.holds;
      json["needed"].push_back(one);
    }
  }
  if (report.against) json["against"] = of_side(*report.against);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace forebay
