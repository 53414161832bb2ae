// Dispatcher: carries what the core wants sent to the sinks, and what came of it back to the core. Bodies are
// read ahead of their turn, so that a permit is not held while the disk is read; what is in memory already
// goes straight to its sink, in the same turn. Order of one hand-over: the attempt is written down (it
// survives kill -9), the body fetched, the sink called. Each sink is called in the order of the sends: what
// is in memory waits for what is being read before it.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backlog/backlog.h"
#include "base/clock.h"
#include "relay/core.h"
#include "relay/last_outcomes.h"
#include "relay/message_id.h"
#include "relay/meta.h"
#include "relay/metrics.h"
#include "relay/promises.h"
#include "relay/reply_desk.h"
#include "sinks/sink.h"

namespace forebay {

class Dispatcher : public SinkListener {
 public:
  Dispatcher(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Metrics& metrics, LastOutcomes& last_outcomes,
             Promises& promises);

  // By SinkId, before the first hand_over(), and again when there are others: places stay. Each lives as long as it has
  // attempts under way, and as the core sends to it.
  void set_sinks(std::vector<Sink*> sinks) {
    sinks_ = std::move(sinks);
    lines_.resize(sinks_.size());
  }
  // Told what the sinks reply to those who wait for it.
  void answer_to(ReplyDesk& replies) { replies_ = &replies; }
  void hand_over(const std::vector<Send>& sends);
  void read_ahead();
  // The sinks are about to be shut down: nothing is delivered any more, and what was not yet has spent no attempt.
  void close();
  void on_outcome(Ticket ticket, Outcome outcome) override;
  // Attempts that somebody is to answer. What consumers have is none: a lease outlives the process.
  uint64_t in_flight() const { return outgoing_.size() - handed_out_; }
  // That message is with a consumer, for as long as its lease lasts: its body is not wanted here meanwhile.
  void handed_out(Ticket ticket);
  // Nobody took that delivery: nothing was sent.
  void take_back(Ticket ticket);

 private:
  struct Outgoing {
    Send send;
    Instant begun;
    MessageId id;
    std::string queue;  // its name, whatever becomes of the config meanwhile
    StoredMessage stored;
    std::optional<Meta> meta;  // of `stored`; none: it is being read
    bool handed_out = false;
    int64_t due_ms = 0;  // what the delivery delay counts from
  };
  void take_up(Outgoing& outgoing);
  void fetched(Ticket ticket, int error, StoredMessage message);
  void unreadable(Ticket ticket, int error);
  void deliver_from(std::deque<Ticket>& line);
  void deliver(Outgoing& outgoing);
  void answer(Sequence sequence, const Outcome& outcome);
  void observe(const Outgoing& outgoing, const Outcome& outcome, Now now);
  void observe_delivery(const Outgoing& outgoing, Now now);

  Core& core_;
  Backlog& backlog_;
  Clock& clock_;
  MessageIds& ids_;
  Metrics& metrics_;
  LastOutcomes& last_outcomes_;
  Promises& promises_;
  ReplyDesk* replies_ = nullptr;
  std::vector<Sink*> sinks_;
  uint64_t handed_out_ = 0;
  bool closed_ = false;
  bool misreading_ = false;                // the last body that was read could not be, for now
  std::vector<std::deque<Ticket>> lines_;  // by SinkId: sends that are read or stand behind one that is
  absl::flat_hash_map<Ticket, std::unique_ptr<Outgoing>> outgoing_;
  std::vector<Sequence> ahead_;
};

}  // namespace forebay
