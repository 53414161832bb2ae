// ClassOrder: which class of a queue sends next, of those that have something to send and may.
//
// First come floors: a class with floor f that waits is served once in every floor(1/f) sends of its queue at least
// (its gap), whatever stands before it. For that it owns a slot, the sends whose number is `slot` modulo `period`; no
// two classes own the same send. One floor alone has its gap for a period. Several have the powers of two below their
// gaps: slots of such periods always fit beside one another while the floors sum to a half at most, which the config
// sees to. So among several a class may get up to twice its floor. A slot that is not needed is not used.
// Then the lowest priority number; among equals the one that was served longest ago.
// Source: M. Chan, F. Chin, "Schedulers for Larger Classes of Pinwheel Instances" (Algorithmica 1993): specialising
// to powers of two schedules every instance of density 1/2.
// Pure function of the calls made; O(classes) a choice, allocates nothing.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "relay/class_lane.h"

namespace forebay {

class ClassOrder {
 public:
  // `may_send(k)`: class k has something and may send it. -1: none.
  template <typename MaySend>
  int choose(const std::vector<ClassLane>& classes, MaySend may_send) const {
    int first = -1;
    for (size_t k = 0; k < classes.size(); ++k) {
      const ClassLane& klass = classes[k];
      if (!owns_next(klass) && first >= 0 && !before(klass, classes[static_cast<size_t>(first)])) continue;
      if (!may_send(k)) continue;
      if (owns_next(klass)) return static_cast<int>(k);
      first = static_cast<int>(k);
    }
    return first;
  }
  void sent(ClassLane& klass) { klass.last_served = ++sends_; }
  // A class begins to wait: its gap counts from here, not from when it had nothing.
  void begins_to_wait(ClassLane& klass) { klass.last_served = std::max(klass.last_served, sends_); }

  // The classes or their settings changed: slots are given out anew.
  static void give_slots(std::vector<ClassLane>& classes) {
    std::vector<ClassLane*> floored;
    for (ClassLane& klass : classes) {
      klass.floor_gap = klass.config.floor > 0 ? static_cast<uint64_t>(1 / klass.config.floor + 1e-9) : 0;
      klass.floor_period = klass.floor_gap;
      klass.floor_slot = 0;
      if (klass.floor_gap > 0) floored.push_back(&klass);
    }
    if (floored.size() < 2) return;
    for (ClassLane* klass : floored) klass->floor_period = std::bit_floor(klass->floor_gap);
    std::stable_sort(floored.begin(), floored.end(),
                     [](const auto* a, const auto* b) { return a->floor_period < b->floor_period; });
    for (size_t i = 1; i < floored.size(); ++i) {
      const auto taken = [&](uint64_t slot) {
        return std::any_of(floored.begin(), floored.begin() + static_cast<ptrdiff_t>(i),
                           [&](const auto* other) { return slot % other->floor_period == other->floor_slot; });
      };
      uint64_t& slot = floored[i]->floor_slot;
      while (slot + 1 < floored[i]->floor_period && taken(slot)) ++slot;
    }
  }

 private:
  static bool before(const ClassLane& a, const ClassLane& b) {
    if (a.config.priority != b.config.priority) return a.config.priority < b.config.priority;
    return a.last_served < b.last_served;
  }
  // The next send is this class's, and it cannot wait for its next one.
  bool owns_next(const ClassLane& klass) const {
    if (klass.floor_period == 0 || (sends_ + 1) % klass.floor_period != klass.floor_slot) return false;
    return klass.last_served + klass.floor_gap < sends_ + 1 + klass.floor_period;
  }

  uint64_t sends_ = 0;  // of the queue
};

}  // namespace forebay
