// Overseer: the admin door's side of the relay: what there is to see, and what operators change.
// Pauses and pins are notes in the backlog (relay/pause_notes.h, relay/pins.h), so they survive a restart.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/clock.h"
#include "doors/admin_view.h"
#include "relay/answers.h"
#include "relay/core.h"
#include "relay/journal_room.h"
#include "relay/live_config.h"
#include "relay/message_id.h"
#include "relay/metrics.h"
#include "relay/paused_keys.h"
#include "relay/topics.h"

namespace forebay {

class LiveStreams;

class Overseer : public AdminView {
 public:
  Overseer(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Answers& answers, Metrics& metrics,
           JournalRoom& room, LiveConfig& live, Topics& topics);

  // At start, after recovery: pins, then pauses and throttles.
  void restore(Now now);
  // The core has another config: pauses of what came with it hold.
  void look_again();
  // Who reads the config file; empty: nobody can.
  std::function<Reloaded()> on_reload;
  const LiveStreams* streams = nullptr;  // what is counted of them
  // Before the metrics are shown, for those of what the relay does not know: the doors.
  std::function<void()> on_refresh;
  // Purges and replays of many messages go on here, a slice a turn, so that the loop stays free. False: all
  // done.
  bool work(Now now);
  void set_not_ready(std::string why) { not_ready_.push_back(std::move(why)); }
  void set_stopping() { set_not_ready("Forebay is stopping"); }

  RelayStatus status() override;
  std::optional<QueueStatus> queue_status(std::string_view queue) override;
  std::optional<SinkStatus> sink_status(std::string_view sink) override;
  std::optional<Problem> set_queue_paused(std::string_view queue, bool paused, uint64_t token,
                                          PublishListener& listener) override;
  std::optional<Problem> set_sink_paused(std::string_view sink, bool paused, uint64_t token,
                                         PublishListener& listener) override;
  std::optional<Problem> set_class_paused(std::string_view queue, std::string_view klass, bool paused, uint64_t token,
                                          PublishListener& listener) override;
  std::optional<Problem> set_key_paused(std::string_view queue, std::string_view key, bool paused, uint64_t token,
                                        PublishListener& listener) override;
  std::optional<Problem> pin_limits(std::string_view sink, std::string_view json, uint64_t token,
                                    PublishListener& listener) override;
  std::optional<Problem> unpin_limits(std::string_view sink, uint64_t token, PublishListener& listener) override;
  std::optional<Problem> set_subscribed(std::string_view topic, std::string_view queue, bool subscribed, uint64_t token,
                                        PublishListener& listener) override;
  Reloaded reload() override;
  std::optional<Problem> purge_queue(std::string_view queue, uint64_t token, PublishListener& listener) override;
  std::variant<DeadPage, Problem> dead(std::string_view queue, std::string_view cursor, uint32_t limit) override;
  std::optional<Problem> replay_dead(std::string_view queue, std::string_view id, uint64_t token,
                                     PublishListener& listener) override;
  std::optional<Problem> purge_dead(std::string_view queue, std::string_view id, uint64_t token,
                                    PublishListener& listener) override;
  void forget(PublishListener& listener) override;
  void refresh_gauges() override;

 private:
  enum class Kind { purge, purge_dead, replay_dead };
  struct Job {
    Kind kind;
    QueueId queue;
    uint64_t left;  // dead letters: as many as there were when it was asked for
    Sweep sweep;    // of a purge: up to the last message there was when it was asked for
    uint64_t done;
    uint64_t token;
    PublishListener* listener;
  };
  QueueStatus status_of(const Queue& queue, Now now);
  SinkStatus status_of(SinkLane& lane, Now now) const;
  std::vector<LimitStatus> limits_of(const SinkLane& lane, Now now) const;
  bool is_configured(const SinkLane& lane) const;
  std::map<std::string, uint64_t> attempts_of(const SinkLane& lane) const;
  void restore_pauses(const Queue& queue);
  void refresh_queue(const Queue& queue, const QueueMetrics& metrics, Now now);
  void refresh_classes(const Queue& queue, const QueueMetrics& metrics);
  void refresh_queue_limits(const Queue& queue, const QueueMetrics& metrics, Now now);
  static void refresh_limit(const LimitMetrics& limit, const LimitSet::View& view);
  static void refresh_blocked(const std::vector<LimitMetrics>& limits, const SinkLane& lane, Now now);
  void refresh_sink(const SinkLane& lane, Now now);
  void refresh_journal();
  Queue* find_queue(std::string_view name);
  SinkLane* find_lane(std::string_view name);
  bool work_on(Job& job, Now now);
  DeadLetterView view_of(Burial letter, const Queue& queue);
  std::optional<Problem> one_dead_letter(Kind kind, const Queue& queue, std::string_view id, uint64_t token,
                                         PublishListener& listener);
  std::optional<Problem> start(Kind kind, std::string_view queue, std::string_view id, uint64_t token,
                               PublishListener& listener);
  std::optional<Problem> note_pause(const std::string& note, bool paused, uint64_t token, PublishListener& listener);

  Core& core_;
  Backlog& backlog_;
  Clock& clock_;
  MessageIds& ids_;
  Answers& answers_;
  Metrics& metrics_;
  JournalRoom& room_;
  LiveConfig& live_;
  Topics& topics_;
  PausedKeys paused_keys_;
  uint64_t key_seed_;
  WallTime started_;
  std::vector<std::string> not_ready_;
  std::deque<Job> jobs_;
  std::map<QueueId, std::vector<ClassCounters>> counted_;  // by class: what the metrics show already
};

}  // namespace forebay
