// Relay: the core and its desks under one roof, free of libuv. A shell (the uv loop, or the simulated world) calls
// turn() after every round of events and sleeps until the Instant it returns.
//
// Order of a turn: hand what was gathered to the commit thread -> answer what needed no write -> tick -> hand to sinks.
// Answers to what became durable go out earlier, when on_committed() comes through the mailbox.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/clock.h"
#include "config/config.h"
#include "relay/answers.h"
#include "relay/check_desk.h"
#include "relay/core.h"
#include "relay/dispatcher.h"
#include "relay/intake_desk.h"
#include "relay/journal_room.h"
#include "relay/last_outcomes.h"
#include "relay/live_config.h"
#include "relay/live_streams.h"
#include "relay/message_id.h"
#include "relay/metrics.h"
#include "relay/outcome_reports.h"
#include "relay/overseer.h"
#include "relay/promises.h"
#include "relay/pull_desk.h"
#include "relay/reply_desk.h"
#include "relay/spends_journal.h"
#include "relay/topics.h"

namespace forebay {

class Relay : public BacklogListener {
 public:
  // `broken` is called when a sync failed: nothing may be acknowledged any more, and the process must end.
  Relay(const Config& config, std::span<const QueueId> queue_ids, Backlog& backlog, Clock& clock, uint64_t seed,
        std::function<void(const std::string&)> broken);

  // Every message that waits in the backlog, rising by sequence, then recovered() once, before the first turn.
  void recover(std::span<const RecoveredMessage> messages) { core_.recover(messages); }
  void recovered();
  // What was admitted goes to the commit thread, before anything else of the turn keeps the disk waiting.
  void hand_over();
  // The rest of a loop turn; when it next wants to run.
  Instant turn();
  // Another config file. Empty: it is in force, pins included; else why it was refused, and nothing changed.
  std::string reconfigure(const Config& config, std::span<const QueueId> queue_ids);
  // What is in force. `on_change` is called after each change of it.
  const Config& running() const { return live_.running(); }
  std::function<void()> on_change;
  // How late the loop woke.
  void observe_lag(Duration lag);

  Intake& intake() { return intake_; }
  PullDesk& pulling() { return pull_; }
  LiveStreams& streams() { return streams_; }
  CheckDesk& checks() { return checks_; }
  AdminView& admin() { return overseer_; }
  Overseer& overseer() { return overseer_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  Core& core() { return core_; }
  Metrics& metrics() { return metrics_; }

  // New messages are refused and no new attempt begins; those under way go on.
  void stop();
  uint64_t in_flight() const { return dispatcher_.in_flight(); }
  // Nothing in flight, nobody waiting for a sync, or for what is known of a key.
  bool settled() const { return in_flight() == 0 && answers_.waiting() == 0 && intake_.dedup().waiting() == 0; }
  // The limits' spends as of now into the backlog, for the next start. Before Backlog::close().
  void save_spends();

  void on_committed(uint64_t batch, int messages_error) override;
  void on_broken(const std::string& what) override;
  void on_synced(Duration took, uint32_t messages) override;

 private:
  void note_reload(Now now);
  void decide_held(Now now);

  Backlog& backlog_;
  Clock& clock_;
  std::function<void(const std::string&)> broken_;
  Metrics metrics_;
  Core core_;
  LiveConfig live_;
  MessageIds ids_;
  LastOutcomes last_outcomes_;
  Promises promises_;
  Topics topics_;
  Answers answers_;
  LiveStreams streams_;
  JournalRoom room_;
  IntakeDesk intake_;
  ReplyDesk replies_;
  OutcomeReports reports_;
  Dispatcher dispatcher_;
  PullDesk pull_;
  CheckDesk checks_;
  Overseer overseer_;
  SpendsJournal spends_;
  std::vector<Send> sends_;
  bool stopping_ = false;
  bool was_refusing_ = false;
  bool told_of_lost_spends_ = false;
  bool told_of_lost_keys_ = false;
  Instant read_ahead_at_;
};

}  // namespace forebay
