// PlanWatch: the observer that gathers what plan() tells, queue by queue and class by class.
#pragma once

#include <memory>
#include <vector>

#include "sim/observer.h"
#include "sim/plan/plan.h"

namespace forebay::sim {

class PlanWatch : public Observer {
 public:
  PlanWatch(const Config& config, Core& core, Now begin, PlanProgress progress);

  void came(const Event& event) override;
  void refused(const Event& event, const Refusal&) override;
  void delivered(const Event& event) override;
  void expired(const Event& event) override { over(event, &PlanCounts::expired); }
  void dead(const Event& event) override { over(event, &PlanCounts::dead); }
  void gone(const Event& event, Settlement) override { over(event, &PlanCounts::gone); }
  void turned(Now now, Core& core) override;

  // Once, when the world has run.
  void finish(Now now, PlanResult* result);

 private:
  struct Class {
    std::string name;
    PlanCounts counts;
    std::vector<Duration> delays;
    Duration last;  // something of it ended
  };
  struct Watched {
    std::vector<Class> classes;
    Timeline backlog;
    uint64_t bytes = 0, peak_bytes = 0;
    std::unique_ptr<BindingWatch> binding;  // once something came
  };

  Duration since(Now now) const { return now.steady - begin_; }
  void over(const Event& event, uint64_t PlanCounts::*counter);
  static ClassPlan told(const Class& klass, std::vector<Duration>* delays);
  void tell_quotas(const Watched& watched, PlanResult* result) const;

  const Config& config_;
  const Core& core_;
  Instant begin_;
  PlanProgress progress_;
  std::vector<Watched> queues_;  // by place in Core::queues(), which is QueueId - 1
  std::vector<size_t> active_;   // places of those that something came to
  uint64_t through_ = 0;
};

}  // namespace forebay::sim
