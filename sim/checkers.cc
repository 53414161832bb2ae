#include "sim/checkers.h"

#include <algorithm>

#include "sim/class_number.h"

namespace forebay::sim {

// ---- room ----

Room::Room(const Config& config) : queues_(1) {
  for (const auto& [name, queue] : config.queues) queues_.push_back({queue.max_messages});
  for (const auto& [name, sink] : config.sinks) sinks_.push_back({sink.concurrency});
}

void Room::accepted(const Event& event) {
  Held& queue = queues_[event.queue];
  if (++queue.now > queue.bound && !crashed_) complain(event.now, "queue {} holds {}", event.queue, queue.now);
}

void Room::leaves(const Event& event) {
  Held& queue = queues_[event.queue];
  if (queue.now > 0) --queue.now;
}

void Room::gone(const Event& event, Settlement how) {
  if (how != Settlement::dropped) leaves(event);  // that was a dead letter, and left before
}

void Room::sent(const Event& event) {
  Held& sink = sinks_[event.sink];
  if (++sink.now > sink.bound) complain(event.now, "sink {} has {} under way", event.sink, sink.now);
}

void Room::ended(const Event& event, const Outcome&) {
  --sinks_[event.sink].now;
}

void Room::crashed(Now) {
  crashed_ = true;
  for (Held& sink : sinks_) sink.now = 0;
}

void Room::finish(World& world) {
  if (!world.up()) return;
  for (const Queue& queue : world.core().queues()) {
    if (queue.waiting() + queue.reserved > queue.config.max_messages) {
      complain(world.now(), "queue {} holds {} at the end", queue.config.name, queue.waiting());
    }
  }
}

// ---- convergence ----

void Convergence::finish(World& world) {
  const Duration since = world.elapsed();
  if (world.run_until_idle(since + within_)) return;
  if (!world.up()) return complain(world.now(), "it never came back");
  for (const Queue& queue : world.core().queues()) {
    if (queue.waiting() == 0) continue;
    const SinkLane& lane = *world.core().lanes()[queue.sink];
    complain(world.now(), "queue {} still holds {} ({} ready, {} in flight); its sink: {}", queue.config.name,
             queue.waiting(), queue.ready, queue.in_flight, lane.reason(world.now()));
  }
}

// ---- priority ----

Priority::Priority(const Config& config) {
  QueueId id = 0;
  for (const auto& [name, queue] : config.queues) {
    std::vector<Class>& classes = queues_[++id];
    classes.resize(queue.classes.size() + 1);
    for (const auto& [klass, settings] : queue.classes) {
      Class& known = classes[*class_number(queue, klass)];
      known.priority = settings.priority;
      known.floor = settings.floor;
    }
  }
}

void Priority::accepted(const Event& event) {
  Class& klass = queues_[event.queue][event.klass];
  if (klass.waiting++ == 0) klass.sends_since = 0;
}

void Priority::leaves(const Event& event) {
  Class& klass = queues_[event.queue][event.klass];
  if (klass.waiting > 0) --klass.waiting;
}

void Priority::sent(const Event& event) {
  if (event.attempt > 1) return;
  std::vector<Class>& classes = queues_[event.queue];
  Class& own = classes[event.klass];
  const uint64_t sends = ++sends_[event.queue];
  bool passed_by = false;
  for (Class& other : classes) {
    if (other.waiting > 0 && ++other.sends_since > other.longest_gap) other.longest_gap = other.sends_since;
    passed_by |= other.waiting > 0 && other.priority < own.priority;
  }
  own.sends_since = 0;
  leaves(event);
  if (!passed_by) return;
  ++own.floored;
  if (static_cast<double>(own.floored) <= own.floor * static_cast<double>(sends) + 1 && own.floor > 0) return;
  ++inversions_;
  complain(event.now, "message {} of class {} goes before a class of lower number", event.sequence, event.klass);
}

uint64_t Priority::longest_gap(QueueId queue, uint8_t klass) const {
  const auto found = queues_.find(queue);
  return found == queues_.end() || klass >= found->second.size() ? 0 : found->second[klass].longest_gap;
}

// ---- fairness ----

void Fairness::accepted(const Event& event) {
  if (keys_[event.key].waiting++ == 0) lone_[event.sequence] = before_.size();
}

void Fairness::sent(const Event& event) {
  if (event.attempt > 1) return;
  Key& key = keys_[event.key];
  if (const auto lone = lone_.find(event.sequence); lone != lone_.end()) {
    const uint64_t then = lone->second;
    uint64_t repeated = 0;
    for (uint64_t i = then; i < before_.size(); ++i) repeated += before_[i] > then;
    worst_ = std::max(worst_, repeated + 1);
    lone_.erase(lone);
  }
  if (key.waiting > 0) --key.waiting;
  before_.push_back(key.last_send);
  key.last_send = before_.size();
}

}  // namespace forebay::sim
