// RetryBudget: of the sends of a sink only a share may be retries while first attempts wait, so that a sink that fails
// half of what it gets is not given twice as much. Over any stretch of sends while first attempts wait:
//   retries <= share x sends + 10.
// Nothing is lost to it: when no first attempt waits, every retry is allowed, and costs what credit there is, no more.
// O(1), integers: a send earns `share` millionths of a retry, at most 10 retries are saved up, a retry costs one.
#pragma once

#include <cstdint>

namespace forebay {

class RetryBudget {
 public:
  static constexpr uint64_t saved_max = 10;  // retries

  // `share`: 0 to 1; 1: no bound; 0: none while others wait.
  explicit RetryBudget(double share);

  // May a retry go now? `fresh_waits`: a first attempt is ready too.
  bool allows(bool fresh_waits) const { return !fresh_waits || credit_ >= one; }
  // Every send, after it was allowed.
  void sent(bool retry);
  // What is saved stays saved.
  void reconfigure(double share);

 private:
  static constexpr uint64_t one = 1'000'000;
  uint64_t saved() const { return earned_ == 0 ? 0 : saved_max * one; }

  uint64_t earned_;  // by a send
  uint64_t credit_;
};

}  // namespace forebay
