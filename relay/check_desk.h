// CheckDesk: asks a queue's `check_url` about held messages that nobody decided on in time.
//
// POST of the message as a sink would get it (body, content type, Forebay-Message-Id, Forebay-Queue, Forebay-Forward-*
// without their prefix), Forebay-Attempt counting the checks from 1. The answer decides when it is 200 with
//   {"decision": "commit"}     the message is released
//   {"decision": "rollback"}   it is cancelled
// Anything else, no answer too, is unknown: it is asked again after a backoff of the queue's `retry`, max_attempts
// times in all; then the queue's hold_default holds. After a restart of Forebay the count begins anew.
//
// At most check_requests_max requests of a queue are under way; the others wait their turn. Loop thread only.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/clock.h"
#include "base/random.h"
#include "relay/core.h"
#include "relay/descriptors.h"
#include "relay/message_id.h"
#include "relay/meta.h"
#include "sinks/sink.h"

namespace forebay {

class CheckDesk : public SinkListener {
 public:
  CheckDesk(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, uint64_t seed)
      : core_(core), backlog_(backlog), clock_(clock), ids_(ids), random_(seed) {}

  // Makes what the questions go out by; set by the shell. Empty: nobody is asked.
  std::function<std::unique_ptr<Sink>(const SinkConfig&, SinkListener&)> make_sink;

  // Of a held message whose time has passed. False: there is nobody to ask any more, so the default holds.
  bool ask(Sequence sequence, Now now);
  // Questions under way are given up; what they were about stays held.
  void shut_down();
  // After that, once the loop has closed what the sinks had open.
  void drop_sinks() { lines_.clear(); }
  uint64_t asking() const { return under_way_.size(); }

  void on_outcome(Ticket ticket, Outcome outcome) override;

 private:
  // Whom a queue asks.
  struct Line {
    std::unique_ptr<Sink> sink;
    std::string url;
    std::deque<Sequence> waiting;
    uint32_t under_way = 0;
  };
  struct Question {
    Sequence sequence;
    std::string queue;
    MessageId id;
    Meta meta;
    StoredMessage stored;
  };
  Line& line_of(const QueueConfig& queue);
  const QueueConfig* asks_for(Sequence sequence) const;
  void send_next(Line& line);
  void begin(Line& line, Sequence sequence, const QueueConfig& queue);
  void fetched(Ticket ticket, int error, StoredMessage stored);
  void finish(Ticket ticket, Outcome::Kind kind);
  void sweep();

  Core& core_;
  Backlog& backlog_;
  Clock& clock_;
  MessageIds& ids_;
  Random random_;
  std::map<std::string, Line, std::less<>> lines_;  // by queue; one that is gone keeps its sink until shut_down()
  absl::flat_hash_map<Ticket, std::unique_ptr<Question>> under_way_;
  absl::flat_hash_map<Sequence, uint32_t> asked_;  // how often
  size_t sweep_at_ = 1024;
  Ticket next_ticket_ = 1;
  bool closed_ = false;
};

}  // namespace forebay
