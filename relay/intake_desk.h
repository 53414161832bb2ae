// IntakeDesk: the doors' side of the relay. Turns names into numbers, asks the core for room, gathers into the backlog
// and lets Answers reply after the sync. All or nothing for every call.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/clock.h"
#include "config/config.h"
#include "doors/intake.h"
#include "relay/answers.h"
#include "relay/core.h"
#include "relay/dedup_desk.h"
#include "relay/journal_room.h"
#include "relay/key_and_cost.h"
#include "relay/last_outcomes.h"
#include "relay/message_id.h"
#include "relay/metrics.h"
#include "relay/producer_limits.h"
#include "relay/promises.h"
#include "relay/reply_desk.h"
#include "relay/topics.h"

namespace forebay {

class LiveStreams;

class IntakeDesk : public Intake {
 public:
  IntakeDesk(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Answers& answers, JournalRoom& room,
             const LastOutcomes& last_outcomes, const Metrics& metrics, Promises& promises, const Topics& topics);

  std::optional<Problem> publish(std::span<const NewMessage> messages, uint64_t token,
                                 PublishListener& listener) override;
  std::variant<MessageStatus, Problem> find(std::string_view id) override;
  std::optional<Problem> cancel(std::string_view id, uint64_t token, PublishListener& listener) override;
  std::optional<Problem> release(std::string_view id, uint64_t token, PublishListener& listener) override;
  RateLimits rate_limits(const NewMessage& message) override;
  bool await_reply(const AcceptedMessage& accepted, uint64_t body_bytes_max, uint64_t token,
                   PublishListener& listener) override;
  void forget(PublishListener& listener) override {
    answers_.forget(listener);
    dedup_.forget(listener);
    if (replies_ != nullptr) replies_->forget(listener);
  }
  DedupDesk& dedup() { return dedup_; }
  const DedupDesk& dedup() const { return dedup_; }

  // Who waits for a sink's reply is written down there.
  void answer_from(ReplyDesk& replies) { replies_ = &replies; }
  // A message of Forebay's own, of which nobody waits to hear. False: it was not taken.
  bool report(const NewMessage& message);
  // From now on everything is refused: Forebay is stopping.
  void stop() { stopping_ = true; }
  // The core has another config.
  void look_again();
  // Who follows a topic; set by the relay. nullptr: nobody can.
  LiveStreams* streams = nullptr;
  // When the lease on a message ends, of one that this process gave.
  std::function<std::optional<WallTime>(Sequence)> leased_until;
  void follow_tokens(const std::vector<AuthToken>& tokens) { producers_.follow_tokens(tokens); }

 private:
  struct Nobody : PublishListener {
    void on_published(uint64_t, std::span<const AcceptedMessage>) override {}
    void on_refused(uint64_t, const Problem&) override {}
    void on_changed(uint64_t, uint64_t) override {}
  };
  // What of a queue's config is looked at with every message.
  struct KnownQueue {
    QueueId id = 0;
    KeyAndCostPaths paths;
    prometheus::Counter* cost_misses = nullptr;
  };
  using KnownQueues = std::map<std::string, KnownQueue, std::less<>>;  // by the queue's name

  std::optional<Problem> store(std::span<const NewMessage> messages, uint64_t token, PublishListener& listener);
  Problem forgotten() const;
  std::optional<Problem> admit_all(std::span<const NewMessage> messages, Now now);
  std::optional<Problem> admit(const NewMessage& message, Now now);
  std::optional<Problem> admit_copy(const NewMessage& message, std::string_view queue, Now now);
  std::optional<Problem> read_class(const NewMessage& message, std::string_view queue, AdmitRequest* request) const;
  bool has_class(std::string_view queue, std::string_view klass) const;
  std::span<const std::string_view> queues_of(const NewMessage& message);
  std::optional<Problem> read_key_and_cost(const NewMessage& message, const KnownQueue& queue, AdmitRequest* request);
  void note_promises();
  void tell_readers(const NewMessage& message, size_t first_copy, size_t copies);
  void write_meta(const NewMessage& message, Now now);
  void count_refused(std::string_view queue, uint64_t QueueCounters::*counter);
  std::optional<Problem> never_fits(std::span<const NewMessage> messages, std::string_view queue);
  std::optional<Problem> sequence_of(std::string_view id, Sequence* sequence, QueueId* queue);
  MessageStatus waiting_status(std::string_view id, Sequence sequence, Now now) const;

  Core& core_;
  Backlog& backlog_;
  Clock& clock_;
  MessageIds& ids_;
  Answers& answers_;
  JournalRoom& room_;
  const LastOutcomes& last_outcomes_;
  const Metrics& metrics_;
  Promises& promises_;
  const Topics& topics_;
  KeyAndCostReader reader_;
  DedupDesk dedup_;
  ProducerLimits producers_;
  KnownQueues known_;  // its names are what AcceptedMessage::queue views
  Nobody nobody_;
  ReplyDesk* replies_ = nullptr;
  bool stopping_ = false;

  // Of the call under way; kept for their capacity.
  std::vector<MessageFacts> facts_;
  std::vector<AcceptedMessage> accepted_;
  struct Written {
    size_t facts_end, meta_end;  // of the copies and the meta of a message
  };
  std::string metas_;
  std::vector<Written> written_;
  std::vector<std::string_view> queues_;
  std::string_view refused_by_;  // the queue
};

}  // namespace forebay
