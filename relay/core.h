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
// Every message is in exactly one state, and every attempt ends in exactly one decision (settled(), core_outcome.cc).
//
// Who is served next is told in queue.h. All limits that apply are asked before anything is taken: those of the sink,
// of the queue and of the key. What a key blocks is parked by key; what its sink blocks stops the sink; nothing is
// polled.
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
#include "relay/attempts.h"
#include "relay/core_types.h"
#include "relay/expiry_watch.h"
#include "relay/finished.h"
#include "relay/message_entry.h"
#include "relay/queue.h"
#include "relay/relay_time.h"
#include "relay/sink_lane.h"
#include "relay/why_blocked.h"

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

  // A changed config: `queue_ids` as for the constructor. Empty: applied, and no message, permit or attempt was lost;
  // else why it cannot be, and nothing changed. Sinks keep their number; one that is gone is kept empty.
  std::string reconfigure(const Config& config, std::span<const QueueId> queue_ids, Now now);
  // Other limits for a sink, until reconfigure() or the next call (a pinned override).
  void reconfigure_sink(SinkId sink, const SinkConfig& config, Now now);

  // -- messages that are pulled (core_pull.cc) --
  // So many messages are wanted from now on, besides those on their way.
  void want(SinkId sink, uint64_t messages);
  // The consumer has it, until then. Its permits come home now: to the limits it has arrived. On the disk it waits for
  // that moment, so that a lease outlives this process.
  void handed_out(Ticket ticket, Instant until, Now now);
  void extended(Ticket ticket, Instant until, Now now);
  // A lease that the last process gave: its message waits, and nobody else has had it since. With that attempt.
  bool leased_before(Sequence sequence, uint8_t attempt) const;
  void acknowledged_before(Sequence sequence, Now now);
  void given_back_before(Sequence sequence, Instant due, Now now);
  void extended_before(Sequence sequence, Instant until);
  // Nobody wanted it any more: it never left.
  void never_left(Ticket ticket, Now now);

  // On disk a lease is a retry that is due at an odd millisecond, and everything else of a pulled queue one at an even:
  // what was given back with a delay is nobody's after a restart.
  static int64_t lease_ms(int64_t due_ms) { return due_ms | 1; }
  static int64_t no_lease_ms(int64_t due_ms) { return due_ms + (due_ms & 1); }

  // -- held messages (core_hold.cc) --
  bool release(Sequence sequence, Now now);  // false: it is not held
  // Those whose time has passed undecided, once each; they stay held until release(), cancel() or hold_until().
  std::vector<Sequence> take_undecided() { return std::exchange(undecided_, {}); }
  void hold_until(Sequence sequence, Instant until);

  // Of queues that report their outcomes, each message once, since the last call.
  std::vector<EndReport> take_reports() { return std::exchange(reports_, {}); }

  // -- asking --
  std::optional<uint8_t> class_number(QueueId queue, std::string_view name) const;  // 0: default; nullopt: none such
  uint32_t cost_max(QueueId queue, uint8_t klass = 0) const;  // a message that costs more could never be sent
  std::vector<ClassCounts> class_counts(const Queue& queue) const;
  bool is_waiting(Sequence sequence) const { return messages_.find(sequence) != nullptr; }
  Explanation explain(Sequence sequence, Now now) const;  // only if is_waiting()
  std::optional<FinishedMessage> finished(Sequence sequence, Now now);
  Sequence next_sequence() const { return next_sequence_; }
  bool class_paused(QueueId queue, uint8_t klass) const;
  uint64_t flows(const Queue& queue) const { return queue.flows ? queue.flows->size() : 0; }  // keys that wait
  uint64_t key_memory_bytes() const { return key_memory_.bytes_used; }  // that the history of all keys takes
  double oldest_age_seconds(const Queue& queue, Now now) const;
  double drain_seconds(const Queue& queue, Now now) const;  // +inf: never
  // How long the sinks take over so many bytes of what waits; a second at least, an hour at most, a minute if nothing
  // goes out now.
  Duration until_drained(uint64_t bytes, Now now) const;

  // -- operators --
  bool cancel(Sequence sequence, Now now);  // false: in flight
  void pause_queue(QueueId queue, bool paused);
  void pause_class(QueueId queue, uint8_t klass, bool paused);
  void pause_key(QueueId queue, KeyHash key, bool paused);
  void pause_sink(SinkId sink, bool paused, std::string why);
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
  static constexpr size_t looks_per_tick = 2'000;
  static constexpr uint64_t purge_looks_per_message = 10;

 private:
  // The message to send next, and where it stands.
  struct Pick {
    Queue* queue = nullptr;
    ClassLane* klass = nullptr;
    FlowId flow = no_flow;     // of a keyed line; no_flow: it stands in `line`
    RunQueue* line = nullptr;  // a plain line, or `replayed`
    Sequence head = 0;
    KeyHash key = 0;
    uint32_t cost = 1;
  };
  enum class Found : uint8_t { nothing, message, later };  // later: enough was looked at for this turn
  struct Wake {
    Instant at;
    SinkId sink;
    bool operator>(const Wake& other) const { return at > other.at; }
  };

  // start (core_start.cc)
  MessageEntry entry_of(const RecoveredMessage& message);
  bool is_lease(const RecoveredMessage& message) const;
  static size_t plain_run(std::span<const RecoveredMessage> messages, std::span<const MessageEntry> entries,
                          size_t begin);
  void take_back_run(Sequence first, std::span<const MessageEntry> entries);
  void take_back(Sequence sequence, const MessageEntry& entry, bool crashed);
  void keep_orphans(QueueId id);
  void replace_older(Now now);

  // settings (core_settings.cc)
  void add_queue(QueueId id);
  void set_queue(Queue& queue, const QueueConfig& config, Now now);
  void number_classes(Queue& queue);
  void set_key_limits(SinkLane& lane, const SinkConfig& config, Now now);
  std::string why_not(const Config& config, std::span<const QueueId> queue_ids) const;
  static ClassLane& class_of(Queue& queue, uint8_t klass);

  SinkLane* lane_of(const Queue& queue) { return queue.configured ? lanes_[queue.sink].get() : nullptr; }
  void touch(SinkLane& lane);
  void touch_queue(const Queue& queue);

  // states and lines (core_lines.cc)
  void enter_state(Queue& queue, const MessageEntry& entry);
  void leave_state(Queue& queue, const MessageEntry& entry);
  void change_state(Queue& queue, MessageEntry& entry, MessageState to, int64_t since_ms);
  void stand(Queue& queue, Sequence sequence, const MessageEntry& entry);
  void make_ready(Sequence sequence, MessageEntry& entry, Line line, int64_t since_ms);
  void wait_until(Sequence sequence, MessageEntry& entry, MessageState state, int64_t due_ms, bool by_wall);
  // The message leaves the backlog for good.
  void finish(Sequence sequence, Settlement how, uint16_t status, Now now);
  void report(const Queue& queue, Sequence sequence, const MessageEntry& entry, Settlement how, uint16_t status);
  uint64_t droppable(const Queue& queue, uint8_t klass) const;
  bool could_make_room(const Queue& queue, const AdmitRequest& request) const;
  void make_room(Queue& queue, uint8_t newcomer, Now now);
  Sequence victim_of(Queue& queue, std::optional<uint8_t> klass);
  void schedule(const MessageFacts& facts, Now now);

  // flows (core_flows.cc)
  void join_flow(Queue& queue, Sequence sequence, MessageEntry& entry, KeyHash key, uint32_t cost);
  void leave_flow(Queue& queue, Sequence sequence, const MessageEntry& entry);
  KeyHash key_of(const Queue& queue, Sequence sequence, const MessageEntry& entry) const;
  uint32_t cost_of(Sequence sequence, const MessageEntry& entry) const;
  bool stands_in_flow(const Queue& queue, FlowId id, Sequence sequence, const MessageEntry* entry) const;
  const MessageEntry* drop_gone(Queue& queue, FlowId id, Flow& flow) const;
  void poke(Queue& queue, FlowId id);
  void park(Queue& queue, FlowId id, const WhyBlocked& by);
  void unpark(Queue& queue, FlowId id);
  void wake_key(Queue& queue, KeyHash key);
  void wake_key_on_sink(SinkLane& lane, KeyHash key);
  WhyBlocked key_block(const Queue& queue, const SinkLane& lane, KeyHash key, Now now) const;
  void supersede(Queue& queue, Sequence sequence, const MessageEntry& entry, Now now);
  void replace(Queue& queue, Sequence older, Now now);
  bool is_superseded(const Queue& queue, Sequence sequence, const MessageEntry& entry) const;

  // tick
  void fire_due(Now now);
  void fire_parked(Now now);

  // the history of keys (core_key_history.cc)
  void age_keys(Now now);
  Duration key_history_length() const;
  void note_key_spend(const Attempt& attempt, const Queue& queue, SettledAs how, Now now);
  void recover_key_history(Now now);

  // what lapses (core_expiry.cc)
  void fire_expired(Now now);
  size_t expire_group(Sequence first, Now now);
  void fire_dead_ttls(Now now);
  void watch_dead_ttl(Queue& queue);
  void expire(Queue& queue, Sequence sequence, Now now);

  // serving (core_serve.cc)
  void serve(SinkLane& lane, Now now, std::vector<Send>* sends);
  void wait(SinkLane& lane, Instant opens, Instant agreed, const Pick& pick, Now now);
  void hold_queue(SinkLane& lane, Queue& queue, Instant until, uint32_t cost, uint8_t tag, Now now);
  void idle(SinkLane& lane, Now now);
  std::string idle_by(const SinkLane& lane) const;
  void wake_at(SinkLane& lane, Instant at);
  void send_off(SinkLane& lane, const Pick& pick, Instant due, Now now, std::vector<Send>* sends);

  // whose turn it is (core_pick.cc)
  void join_rounds(SinkLane& lane, Now now);
  bool gate(SinkLane& lane, Queue& queue, Now now);
  Found pick(SinkLane& lane, Now now, Pick* pick);
  Found pick_live(SinkLane& lane, Queue& queue, Now now, Pick* pick);
  Found pick_in_class(SinkLane& lane, Queue& queue, ClassLane& klass, Now now, Pick* pick);
  Found pick_replayed(SinkLane& lane, Queue& queue, Now now, Pick* pick);
  Found plain_head(SinkLane& lane, Queue& queue, ClassLane& klass, Now now, Pick* pick);
  Found flow_head(SinkLane& lane, Queue& queue, FlowId id, Now now, Pick* pick);
  Found head_of(SinkLane& lane, Queue& queue, RunQueue& line, Now now, Pick* pick);
  RunQueue* plain_line(ClassLane& klass) const;
  bool class_may_send(SinkLane& lane, const ClassLane& klass, Now now);
  bool lapsed_or_put_off(SinkLane& lane, Queue& queue, Sequence head, Now now);
  void set_aside(Queue& queue, Sequence head, Instant until);
  void drop_stale(RunQueue& line) const;
  bool look();

  // outcomes (core_outcome.cc)
  Attempt take_back(Ticket ticket, Now now);  // it never left: no permit and no attempt is spent
  void note_throttle(SinkLane& lane, const Outcome& outcome, Now now);
  void pause_by_answer(SinkLane& lane, const Outcome& outcome);
  void again_later(Sequence sequence, MessageEntry& entry, const Attempt& attempt, const Outcome& outcome, Now now);
  void hand_back(Sequence sequence, MessageEntry& entry, const Outcome& outcome, SinkLane& lane, Now now);
  void settle_limits(const Attempt& attempt, Queue& queue, SettledAs how, Now now);
  void throttle(SinkLane& lane, const Attempt& attempt, const Outcome& outcome, Now now);
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
  uint64_t ahead_in_flow(const Queue& queue, const MessageFacts& facts) const;
  uint64_t position_of_ready(const Queue& queue, Sequence sequence, const MessageEntry& entry) const;
  uint64_t position_when_due(const Queue& queue, const ClassLane& klass, int64_t due_ms) const;
  uint64_t behind_classes(const Queue& queue, const ClassLane& klass, uint64_t own) const;
  uint64_t before_in_rounds(const ClassLane& klass, uint64_t own, bool plain) const;
  uint64_t standing_in_plain(const ClassLane& klass, Sequence sequence, const MessageEntry& entry) const;
  uint64_t standing_in_flow(const Queue& queue, const Flow& flow, Sequence sequence) const;
  uint64_t standing_before(const RunQueue& line, Sequence sequence) const;
  uint64_t standing_since(const RunQueue& line, int64_t before_ms) const;
  Sequence first_since(Sequence first, Sequence end, int64_t since_ms) const;

  // estimates (core_estimate.cc)
  uint64_t waiting_before(const SinkLane& lane) const;
  uint64_t sent_before(const Queue& queue, uint64_t position) const;
  WallTime estimate(const Queue& queue, const ClassLane& klass, uint64_t position, Instant earliest, Now now) const;
  static Duration until_in_time(WallTime estimated, int64_t expires_ms);
  Instant turn_on_sink(const SinkLane& lane, uint64_t ahead, Instant earliest, uint8_t tag, Now now) const;
  WallTime through_hours(const Queue& queue, const ClassLane& klass, Instant turn, Now now) const;
  static uint64_t in_sends(const Queue& queue, uint64_t messages);
  Instant turn_of_key(const Queue& queue, KeyHash key, uint64_t before, Now now) const;
  Duration until_room(const Queue& queue, Now now) const;
  void upcoming_of(const SinkLane& lane, size_t count, std::vector<Sequence>* sequences) const;

  // why it waits (core_explain.cc)
  WhyBlocked why_ready_waits(const Queue& queue, Sequence sequence, const MessageEntry& entry, Now now) const;
  Instant own_turn(const Queue& queue, const ClassLane& klass, Sequence sequence, const MessageEntry& entry,
                   Now now) const;
  WhyBlocked why_sink_waits(const SinkLane& lane, Now now) const;
  WhyBlocked why_closed(const Queue& queue, const ClassLane& klass, Now now) const;

  RelayTime time_;
  Backlog& backlog_;
  Random random_;
  std::vector<Queue> queues_;
  std::vector<uint16_t> queue_index_;  // by QueueId; queues_.size() where there is none
  std::vector<std::unique_ptr<SinkLane>> lanes_;
  SequenceTable<MessageEntry> messages_;
  Attempts attempts_;
  Finished finished_;
  TimingWheel due_, due_by_wall_;
  TimingWheel parked_;     // place of the queue << 24 | FlowId: when its key may be let through again
  TimingWheel set_aside_;  // messages of a blocked key that stand in a line with others: when they join it again
  ExpiryWatch expiries_;
  TimingWheel dead_ttls_;                                 // QueueIds: when the oldest letter of each may lapse
  size_t looks_left_ = 0;                                 // at heads that cannot be sent, in this tick
  absl::flat_hash_map<Sequence, uint32_t> costs_;         // of the messages that cost more than 1
  absl::flat_hash_map<Sequence, KeyHash> overflow_keys_;  // of those in overflow_flow
  KeyMemory key_memory_;
  Instant keys_aged_, key_spends_forgotten_;
  uint64_t serves_ = 0;
  bool running_ = false;  // recovered() was called
  std::vector<MessageEntry> recovering_;
  std::vector<std::pair<Sequence, bool>> exhausted_;  // these three during the start; no attempts left, crashed
  std::vector<Sequence> crashed_;                     // with a key, in flight when the last process ended
  std::vector<LaneChange> lane_changes_;
  std::vector<Sequence> undecided_;
  std::vector<EndReport> reports_;
  absl::flat_hash_set<Sequence> leased_before_;  // by the last process, and not given to anybody since
  std::vector<SinkId> dirty_;
  std::vector<Wake> wakes_;  // a heap; entries whose time is not their lane's are stale
  Sequence next_sequence_ = 1;
};

}  // namespace forebay
