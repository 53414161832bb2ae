// Overseer: the admin door's side of the relay: what there is to see, and what operators change.
// Pauses are notes in the backlog (relay/pause_notes.h), so they survive a restart.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/clock.h"
#include "doors/admin_view.h"
#include "relay/answers.h"
#include "relay/core.h"
#include "relay/journal_room.h"
#include "relay/message_id.h"
#include "relay/metrics.h"

namespace forebay {

class Overseer : public AdminView {
 public:
  Overseer(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Answers& answers, Metrics& metrics,
           JournalRoom& room, const Config& config);

  // At start, after recovery.
  void restore_pauses();
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
  QueueStatus status_of(const Queue& queue, Now now) const;
  SinkStatus status_of(SinkLane& lane, Now now) const;
  std::map<std::string, uint64_t> attempts_of(SinkId sink) const;
  void refresh_queue(size_t index, Now now);
  void refresh_sink(SinkLane& lane, Now now);
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
  const Config& config_;
  WallTime started_;
  std::vector<std::string> not_ready_;
  std::deque<Job> jobs_;
};

}  // namespace forebay
