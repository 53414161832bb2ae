// ClassOrder: which class of a queue sends next, of those that have something to send and may.
//
// First come floors: a class with floor f that waits is served once in every floor(1/f) sends of its queue at least
// (the longest gap), whatever stands before it: earliest deadline first, and as early as needed for several to fit.
// Floors of a queue sum to a half at most (config), for which that always works out. Then the lowest priority number;
// among equals the one that has waited longest for its turn.
// Source: C. Liu, J. Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment" (JACM 1973).
// Pure function of the calls made; O(classes) a choice, allocates nothing.
#pragma once

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
      if (!may_send(k)) continue;
      if (first < 0 || before(classes[k], classes[static_cast<size_t>(first)])) first = static_cast<int>(k);
    }
    const int floored = floors_ ? due_floor(classes, may_send) : -1;
    return floored >= 0 ? floored : first;
  }
  void sent(ClassLane& klass) { klass.last_served = ++sends_; }
  // A class begins to wait: its gap counts from here, not from when it had nothing.
  void begins_to_wait(ClassLane& klass) { klass.last_served = std::max(klass.last_served, sends_); }
  void look_at(const std::vector<ClassLane>& classes);

 private:
  static bool before(const ClassLane& a, const ClassLane& b) {
    if (a.config.priority != b.config.priority) return a.config.priority < b.config.priority;
    return a.last_served < b.last_served;
  }
  // The send, counted from 1, that must be this class's at the latest.
  static uint64_t deadline(const ClassLane& klass) {
    return klass.last_served + static_cast<uint64_t>(1 / klass.config.floor + 1e-9);
  }

  // The floor that is due soonest, if waiting any longer could make some floor late.
  template <typename MaySend>
  int due_floor(const std::vector<ClassLane>& classes, MaySend may_send) const {
    int soonest = -1;
    uint64_t rank = 0;
    bool pressing = false;
    for (uint64_t after = 0;;) {  // by rising deadline; there are few
      int next = -1;
      for (size_t k = 0; k < classes.size(); ++k) {
        if (classes[k].config.floor <= 0 || !may_send(k)) continue;
        const uint64_t due = key_of(classes, k);
        if (due > after && (next < 0 || due < key_of(classes, static_cast<size_t>(next)))) next = static_cast<int>(k);
      }
      if (next < 0) break;
      if (soonest < 0) soonest = next;
      after = key_of(classes, static_cast<size_t>(next));
      pressing |= deadline(classes[static_cast<size_t>(next)]) <= sends_ + ++rank;
    }
    return pressing ? soonest : -1;
  }
  // Deadlines, told apart by class.
  static uint64_t key_of(const std::vector<ClassLane>& classes, size_t k) { return deadline(classes[k]) * 256 + k + 1; }

  uint64_t sends_ = 0;  // of the queue
  bool floors_ = false;
};

inline void ClassOrder::look_at(const std::vector<ClassLane>& classes) {
  floors_ = false;
  for (const ClassLane& klass : classes) floors_ |= klass.config.floor > 0;
}

}  // namespace forebay
