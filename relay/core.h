// Core: a message's life as a function of time. No threads, sockets, timers or clock calls: the libuv loop and the
// simulated world are two small shells around it.
//
//   admit(request, now)        -> Reservation | Refusal   bounds, ttl against the ETA; reserves room and a sequence
//   durable(reservations, now) after the sync, in sequence order; only now is the message scheduled
//   failed(reservations)       the write failed: as if it had never been
//   withdraw(reservations)     they were not handed to the backlog: their sequences are free again as well
//   tick(now, sends)           does what is due; returns when it next wants to run (never(): only after an event)
//   settled(ticket, outcome, now)  an attempt ended: delivered, again later, given up
//
// `now.steady` never goes back between calls. The core gathers changes (settle, retry, dead, revive) into the
// Backlog at once; the shell flushes it at the end of its turn. Everything handed to `sends` has taken its permit.
// Every message is in exactly one state, and every attempt ends in exactly one decision (decide(), core_outcome.cc).
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backlog/backlog.h"
#include "backlog/sequence_table.h"
#include "base/random.h"
#include "base/timing_wheel.h"
#include "config/config.h"
#include "relay/core_types.h"
#include "relay/expiry_watch.h"
#include "relay/finished.h"
#include "relay/message_entry.h"
#include "relay/queue.h"
#include "relay/relay_time.h"
#include "relay/sink_lane.h"

namespace forebay {

class Core {
 public:
  // `queue_ids[i]` is the number of the i-th queue of config.queues (in the map's order).
  Core(const Config& config, std::span<const QueueId> queue_ids, Backlog& backlog, uint64_t seed, Now now);

  // -- start (core_start.cc): every recovered message, rising by sequence, then recovered() once --
  void recover(std::span<const RecoveredMessage> messages);
  void recovered(Now now);

  // -- a message's life --
  std::variant<Reservation, Refusal> admit(const AdmitRequest& request, Now now);
  void durable(std::span<const MessageFacts> messages, Now now);
  void failed(std::span<const MessageFacts> messages);
  // Those admitted last, which the backlog has not seen: their sequences are given again, because it leaves none out.
  void withdrawn(std::span<const MessageFacts> messages);
  Instant tick(Now now, std::vector<Send>* sends);
  void settled(Ticket ticket, const Outcome& outcome, Now now);
  // The body of a message under way could not be read back: nothing was sent, and it never can be.
  void damaged(Ticket ticket, const std::string& why, Now now);
  // It could not be read this time: nothing was sent, no attempt is spent, and it is tried again in a second.
  void unread(Ticket ticket, const std::string& why, Now now);

  // That sink's limits changed from outside: the next tick serves it.
  void look_again(SinkId sink) { touch(*lanes_[sink]); }

  // The sequences that will be sent next, if nothing changes, `count` at most; for reading ahead. First the first of
  // each sink, then the second of each, and so on.
  void upcoming(size_t count, std::vector<Sequence>* sequences) const;

  // -- asking --
  bool is_waiting(Sequence sequence) const { return messages_.find(sequence) != nullptr; }
  Explanation explain(Sequence sequence, Now now) const;  // only if is_waiting()
  std::optional<FinishedMessage> finished(Sequence sequence, Now now);
  Sequence next_sequence() const { return next_sequence_; }
  std::optional<uint8_t> class_number(QueueId queue, std::string_view name) const;  // 0: default; nullopt: it has none
  bool class_paused(QueueId queue, uint8_t klass) const;
  std::vector<ClassCounts> class_counts(const Queue& queue) const;
  uint64_t flows(const Queue& queue) const;  // keys that wait
  uint32_t cost_max(QueueId queue) const;    // of one message: more would never be sent
  double oldest_age_seconds(const Queue& queue, Now now) const;
  double drain_seconds(const Queue& queue, Now now) const;  // +inf: never
  // How long the sinks take over so many bytes of what waits; a second at least, an hour at most, a minute if nothing
  // goes out now.
  Duration until_drained(uint64_t bytes, Now now) const;

  // -- operators --
  bool cancel(Sequence sequence, Now now);  // false: in flight
  void pause_queue(QueueId queue, bool paused);
  void pause_sink(SinkId sink, bool paused, std::string why);
  void pause_class(QueueId queue, uint8_t klass, bool paused);
  void pause_key(QueueId queue, KeyHash key, bool paused);
  // Another config, as a whole or not at all: empty, or why not. `queue_ids` as for the constructor. Places of lanes and
  // of queues stay: what is new comes behind, what is gone keeps its place and is empty.
  std::string reconfigure(const Config& config, std::span<const QueueId> queue_ids, Now now);
  // At the start: the lane is closed as the note of the last process says (pause_notes.h), if that is still to come.
  void restore_throttle(SinkLane& lane, std::string_view noted, Now now);
  // Up to `most` of the queue's waiting messages are given up; how many were. Goes on where the sweep stands, and
  // looks at purge_looks_per_message * most messages of whatever queue at most, each once a sweep.
  uint64_t purge(QueueId queue, Sweep* sweep, uint64_t most, Now now);
  // Up to `most` of the queue's dead letters, oldest first; how many were. 0: none left.
  uint64_t purge_dead(QueueId queue, uint64_t most, Now now);
  uint64_t replay_dead(QueueId queue, uint64_t most, Now now);
  bool purge_dead_letter(Sequence sequence, Now now);   // false: no such dead letter
  bool replay_dead_letter(Sequence sequence, Now now);  // false: no such dead letter

  // -- state, for those who show it --
  std::vector<Queue>& queues() { return queues_; }
  const Queue* queue(QueueId id) const;  // nullptr: none of that number
  Queue& queue_of(QueueId id) { return queues_[queue_index_[id]]; }
  std::vector<std::unique_ptr<SinkLane>>& lanes() { return lanes_; }
  const MessageEntry* entry(Sequence sequence) const { return messages_.find(sequence); }
  const RelayTime& time() const { return time_; }
  // Each change once, since the last call.
  std::vector<LaneChange> take_lane_changes() { return std::exchange(lane_changes_, {}); }

  static constexpr size_t sends_per_tick_max = 256;
  // Of lapsed messages, about so many are given up in a tick, and as many at the fronts of lines; of lapsed dead
  // letters as many. The rest is for the next turn, so that sends and doors wait milliseconds at most.
  static constexpr size_t expired_per_tick = 1'000;
  static constexpr uint64_t purge_looks_per_message = 10;

 private:
  struct Attempt {
    Sequence sequence = 0;
    SinkId sink = 0;
    bool probe = false;
    bool cancelled = false;
    Taken taken;
  };
  struct Wake {
    Instant at;
    SinkId sink;
    bool operator>(const Wake& other) const { return at > other.at; }
  };

  MessageEntry entry_of(const RecoveredMessage& message) const;
  static size_t plain_run(std::span<const RecoveredMessage> messages, std::span<const MessageEntry> entries,
                          size_t begin);
  void take_back_run(Sequence first, std::span<const MessageEntry> entries);
  void take_back(Sequence sequence, const MessageEntry& entry, bool crashed);
  void keep_orphans(QueueId id);
  SinkLane* lane_of(const Queue& queue) { return queue.configured ? lanes_[queue.sink].get() : nullptr; }
  void touch(SinkLane& lane);
  void touch_queue(const Queue& queue);
  void leave_state(Queue& queue, const MessageEntry& entry);
  void change_state(Queue& queue, MessageEntry& entry, MessageState to, int64_t since_ms);
  void make_ready(Sequence sequence, MessageEntry& entry, Line line, int64_t since_ms);
  void wait_until(Sequence sequence, MessageEntry& entry, MessageState state, int64_t due_ms, bool by_wall);
  // The message leaves the backlog for good.
  void finish(Sequence sequence, Settlement how, uint16_t status, Now now);
  void schedule(const MessageFacts& facts, Now now);

  // tick
  void fire_due(Now now);

  // what lapses (core_expiry.cc)
  void fire_expired(Now now);
  size_t expire_group(Sequence first, Now now);
  void fire_dead_ttls(Now now);
  void watch_dead_ttl(Queue& queue);

  // serving (core_serve.cc)
  void serve(SinkLane& lane, Now now, std::vector<Send>* sends);
  void wait(SinkLane& lane, Instant opens, Instant agreed, Now now);
  bool has_ready(const SinkLane& lane) const;
  bool send_one(SinkLane& lane, Queue& queue, Instant due, Now now, std::vector<Send>* sends);
  RunQueue* head_line(Queue& queue, Now now, Sequence* head);
  void drop_stale(RunQueue& line) const;

  // outcomes (core_outcome.cc)
  Attempt take_back(Ticket ticket, Now now);  // it never left: no permit and no attempt is spent
  void note_throttle(SinkLane& lane, const Outcome& outcome, Now now);
  void pause_by_answer(SinkLane& lane, const Outcome& outcome);
  void again_later(Sequence sequence, MessageEntry& entry, const Attempt& attempt, const Outcome& outcome, Now now);
  void hand_back(Sequence sequence, MessageEntry& entry, const Outcome& outcome, SinkLane& lane, Now now);
  uint32_t max_attempts(const Queue& queue, const MessageEntry& entry) const;
  bool exhausted(const Queue& queue, const MessageEntry& entry) const {
    return entry.attempts >= max_attempts(queue, entry);
  }

  // dead letters (core_dead.cc)
  bool bury(Sequence sequence, MessageEntry& entry, const std::string& reason, uint64_t QueueCounters::*counter,
            const std::string& excerpt, Now now);
  void leave_unburied(Queue& queue, MessageEntry& entry, Unburied unburied, Now now);
  void inter(Queue& queue, Unburied unburied, Now now);
  void bury_waiting(SinkLane& lane, Now now);
  void make_dead_room(Queue& queue, uint32_t bytes, Now now);
  void revive(Sequence sequence, MessageEntry& entry, Now now);

  // positions (core_position.cc)
  uint64_t position_of_new(const Queue& queue, const MessageFacts& facts) const;
  uint64_t position_of_ready(const Queue& queue, Sequence sequence, const MessageEntry& entry) const;
  uint64_t position_when_due(const Queue& queue, int64_t due_ms) const;
  uint64_t standing_before(const RunQueue& line, Sequence sequence) const;
  uint64_t standing_since(const RunQueue& line, int64_t before_ms) const;
  Sequence first_since(Sequence first, Sequence end, int64_t since_ms) const;

  // estimates (core_estimate.cc)
  uint64_t waiting_before(const SinkLane& lane) const;
  uint64_t sent_before(const Queue& queue, uint64_t position) const;
  WallTime estimate(const Queue& queue, uint64_t position, Instant earliest, Now now) const;
  static Duration until_in_time(WallTime estimated, int64_t expires_ms);
  WallTime estimate_on_sink(const SinkLane& lane, uint64_t ahead, Instant earliest, Now now) const;
  Duration until_room(const Queue& queue, Now now) const;
  void upcoming_of(const SinkLane& lane, size_t count, std::vector<Sequence>* sequences) const;
  void explain_ready(const Queue& queue, Sequence sequence, Now now, Explanation* explanation) const;

  RelayTime time_;
  Backlog& backlog_;
  Random random_;
  std::vector<Queue> queues_;
  std::vector<uint16_t> queue_index_;  // by QueueId; queues_.size() where there is none
  std::vector<std::unique_ptr<SinkLane>> lanes_;
  SequenceTable<MessageEntry> messages_;
  absl::flat_hash_map<Ticket, Attempt> attempts_;
  absl::flat_hash_map<Sequence, Ticket> ticket_of_;
  Finished finished_;
  TimingWheel due_, due_by_wall_;
  ExpiryWatch expiries_;
  TimingWheel dead_ttls_;  // QueueIds: when the oldest letter of each may lapse
  size_t lapsed_heads_left_ = 0;
  std::vector<MessageEntry> recovering_;
  std::vector<std::pair<Sequence, bool>> exhausted_;  // these two during the start; no attempts left, crashed
  std::vector<LaneChange> lane_changes_;
  std::vector<SinkId> dirty_;
  std::vector<Wake> wakes_;  // a heap; entries whose time is not their lane's are stale
  absl::flat_hash_set<std::pair<QueueId, uint8_t>> paused_classes_;
  absl::flat_hash_set<std::pair<QueueId, KeyHash>> paused_keys_;
  Sequence next_sequence_ = 1;
  Ticket last_ticket_ = 0;
};

}  // namespace forebay
