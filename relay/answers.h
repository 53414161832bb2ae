// Answers: who waits for which batch of the backlog. Every 2xx that changes state leaves from here, after the
// sync of its record. If a batch could not be written, those who sent its messages get a Problem instead, and
// so do those who asked for its changes: they hold, and the backlog keeps them, but whether they are on disk
// by then it does not say.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "doors/intake.h"
#include "relay/core.h"

namespace forebay {

class Answers {
 public:
  explicit Answers(Core& core) : core_(core) {}

  // `facts` and `accepted` go together, one each a message.
  void published(uint64_t batch, uint64_t token, PublishListener& listener, std::span<const MessageFacts> facts,
                 std::span<const AcceptedMessage> accepted);
  void changed(uint64_t batch, uint64_t token, PublishListener& listener, uint64_t count);
  // Nothing had to be written: answered at the next deliver_immediate().
  void unchanged(uint64_t token, PublishListener& listener) { immediate_.push_back({token, &listener, 0, 0, 0}); }
  void deliver_immediate();

  // Tells the core, then the producers. `error`: as in BacklogListener::on_committed.
  void committed(uint64_t batch, int error, const std::string& why, Now now);
  void forget(PublishListener& listener);
  // Messages not durable yet.
  uint64_t waiting() const { return waiting_; }

 private:
  struct Answer {
    uint64_t token;
    PublishListener* listener;  // nullptr: gone
    size_t first, count;        // its messages in Batch::accepted
    uint64_t changes;
    bool published = false;  // else a change
  };
  struct Batch {
    uint64_t number = 0;
    std::vector<MessageFacts> facts;
    std::vector<AcceptedMessage> accepted;
    std::vector<Answer> answers;
  };
  Batch& open(uint64_t number);
  static void tell(const Batch& batch, const Answer& answer);
  static void refuse(const Answer& answer, int error, const std::string& why);

  Core& core_;
  std::deque<Batch> batches_;  // rising
  std::vector<Answer> immediate_;
  uint64_t waiting_ = 0;
};

// For an errno of the backlog: 507 and when to ask again, or 413 for what is too large for it at any time.
Problem storage_problem(int error, const std::string& why);
// Under what a message is counted that such an errno refused.
uint64_t QueueCounters::*refusal_counter(int error);

}  // namespace forebay
