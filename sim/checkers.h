// The checkers: what Forebay promises whatever happens, each as one observer of a world.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <vector>

#include "config/config.h"
#include "sim/checker.h"

namespace forebay::sim {

// Nothing acknowledged is lost, nothing is invented. A message that was accepted ends exactly once, is a dead letter,
// or still waits when the run is over; only what was accepted is sent; after it ended it is neither sent nor ended
// again, unless a crash came after the end (at least once).
class Ledger : public Checker {
 public:
  void came(const Event& event) override;
  void accepted(const Event& event) override;
  void sent(const Event& event) override;
  void delivered(const Event& event) override { finished(event, "delivered"); }
  void expired(const Event& event) override { finished(event, "expired"); }
  void dead(const Event& event) override { at(event.sequence).dead = true; }
  void gone(const Event& event, Settlement) override { finished(event, "removed"); }
  void crashed(Now) override { ++life_; }
  void finish(World& world) override;

  // Attempts beyond the first delivery: what at-least-once cost.
  uint64_t again() const { return again_; }

 private:
  struct Row {
    uint32_t ended_in = 0;  // the life of the process in which it ended; 0: it did not
    uint32_t came_in = 0;
    bool accepted = false, dead = false;
  };
  Row& at(Sequence sequence);
  void finished(const Event& event, const char* how);

  std::vector<Row> rows_;  // by sequence
  uint32_t life_ = 1;
  uint64_t again_ = 0;
};

// Memory is bounded: no queue holds more than its max_messages, no sink has more under way than its concurrency.
class Room : public Checker {
 public:
  explicit Room(const Config& config);
  void accepted(const Event& event) override;
  void sent(const Event& event) override;
  void ended(const Event& event, const Outcome&) override;
  void delivered(const Event& event) override { leaves(event); }
  void expired(const Event& event) override { leaves(event); }
  void dead(const Event& event) override { leaves(event); }
  void gone(const Event& event, Settlement) override;
  void crashed(Now) override;
  void finish(World& world) override;

 private:
  void leaves(const Event& event);
  struct Held {
    uint64_t bound = 0, now = 0;
  };
  std::vector<Held> queues_;  // by QueueId; not checked after a crash, which makes messages wait again
  std::vector<Held> sinks_;   // by SinkId
  bool crashed_ = false;
};

// Once faults and traffic have ended, everything is through within `within` (and no sink is left closed).
class Convergence : public Checker {
 public:
  explicit Convergence(Duration within) : within_(within) {}
  void finish(World& world) override;

 private:
  Duration within_;
};

// Strict priority between the classes of a queue: while a message of a lower number waits that was accepted before
// this moment, no other class is sent, except as the floors allow: floored sends are not more than their share of the
// queue's, plus one. Valid where nothing is retried or parked by key.
class Priority : public Checker {
 public:
  explicit Priority(const Config& config);
  void accepted(const Event& event) override;
  void sent(const Event& event) override;
  void expired(const Event& event) override { leaves(event); }
  uint64_t inversions() const { return inversions_; }
  // The most sends of the queue between two of that class while it waited.
  uint64_t longest_gap(QueueId queue, uint8_t klass) const;

 private:
  struct Class {
    uint32_t priority = 1;
    double floor = 0;
    uint64_t waiting = 0;
    uint64_t sends_since = 0;  // of the queue, since it was sent or began to wait
    uint64_t longest_gap = 0;
    uint64_t floored = 0;
  };
  void leaves(const Event& event);
  std::map<QueueId, std::vector<Class>> queues_;  // classes by number
  std::map<QueueId, uint64_t> sends_;
  uint64_t inversions_ = 0;
};

// Fairness between keys: a message whose key has nothing else waiting goes after one send of each other key at most.
// worst(): 1 and the sends, while such a message waited, of keys that had been sent while it waited already.
class Fairness : public Checker {
 public:
  void accepted(const Event& event) override;
  void sent(const Event& event) override;
  uint64_t worst() const { return worst_; }

 private:
  struct Key {
    uint64_t waiting = 0;
    uint64_t last_send = 0;  // its number; 0: none
  };
  absl::flat_hash_map<KeyHash, Key> keys_;
  absl::flat_hash_map<Sequence, uint64_t> lone_;  // how many had been sent when it came
  std::vector<uint64_t> before_;                  // of each send, from 1: the last one of that key before it
  uint64_t worst_ = 0;
};

}  // namespace forebay::sim
