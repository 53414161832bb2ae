// PullDesk: the consumers of pulled queues, and the messages they have. To the core it is a sink that takes what
// consumers wait for; to the doors it is Pulling.
//
// Consumers of a queue are served in the order in which they came. One is answered when it has all it asked for, or has
// something and nothing more is on its way, or its wait is over. A consumer that waits costs about 200 bytes and no
// work. Times are relay milliseconds.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backlog/backlog.h"
#include "base/clock.h"
#include "base/timing_wheel.h"
#include "doors/pulling.h"
#include "relay/answers.h"
#include "relay/core.h"
#include "relay/dispatcher.h"
#include "relay/message_id.h"

namespace forebay {

class PullDesk : public Pulling {
 public:
  PullDesk(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Answers& answers, Dispatcher& dispatcher);

  // The sink of a pulled queue. The desk outlives it.
  std::unique_ptr<Sink> make_sink();
  // The core has other queues.
  void look_again();
  // Before the core's tick: leases and waits that are over, and what is wanted.
  void before_tick(Now now);
  // After the sends were handed over: consumers that have what they can get are answered. When it next wants to run.
  Instant after_tick(Now now);
  // Consumers that wait are answered with nothing; no lease is given any more.
  void stop();
  uint64_t leased() const { return leases_.size(); }
  // When the lease on that message ends; none: nobody has it.
  std::optional<WallTime> leased_until(Sequence sequence) const;

  std::optional<Problem> lease(const LeaseRequest& request, uint64_t token, LeaseListener& listener) override;
  void give_up(uint64_t token, LeaseListener& listener) override;
  void forget(LeaseListener& listener) override;
  std::optional<Problem> ack(std::string_view queue, LeaseIds leases, LeaseResults* results, uint64_t token,
                             PublishListener& listener) override;
  std::optional<Problem> nack(std::string_view queue, LeaseIds leases, Duration delay, LeaseResults* results,
                              uint64_t token, PublishListener& listener) override;
  std::optional<Problem> extend(std::string_view queue, LeaseIds leases, std::optional<Duration> lease,
                                LeaseResults* results, uint64_t token, PublishListener& listener) override;

 private:
  class PulledSink;
  struct Consumer {
    uint64_t number = 0;
    uint64_t token = 0;
    LeaseListener* listener = nullptr;
    int64_t until_ms = 0;
    uint32_t left = 0;  // messages it would still take
    Duration lease;
    std::vector<Delivery> got;
  };
  using Consumers = std::list<Consumer>;
  // A pulled queue.
  struct Line {
    QueueId queue = 0;
    SinkId sink = 0;
    Duration lease;
    Consumers consumers;
    uint64_t left = 0;      // of all its consumers
    uint64_t assigned = 0;  // messages that consumers have got, and were not told of yet
    uint64_t leased = 0;
  };
  using Lines = std::map<std::string, Line, std::less<>>;
  struct Lease {
    Ticket ticket = 0;
    Line* line = nullptr;
    uint8_t attempt = 0;
    int64_t until_ms = 0;
  };
  struct Named {
    Sequence sequence = 0;
    QueueId queue = 0;
    uint8_t attempt = 0;
  };

  void deliver(Delivery delivery);
  uint64_t on_the_way(const Line& line) const;
  void answer(Line& line, Consumers::iterator consumer, Now now);
  void answer_all(Line& line, Now now, bool even_without);
  LeasedMessage hand_out(Line& line, const Consumer& consumer, const Delivery& delivery, Now now);
  void drop(Line& line, Consumers::iterator consumer);
  void end_lease(Sequence sequence, Outcome outcome);
  Line* find_line(std::string_view queue, std::optional<Problem>* problem);
  std::optional<Named> read_lease_id(std::string_view text);
  // `done(lease or nullptr if the last process gave it, sequence)` of each that holds.
  template <typename Done>
  std::optional<Problem> for_each(std::string_view queue, LeaseIds leases, LeaseResults* results, uint64_t token,
                                  PublishListener& listener, Done done);

  Core& core_;
  Backlog& backlog_;
  Clock& clock_;
  MessageIds& ids_;
  Answers& answers_;
  Dispatcher& dispatcher_;
  Lines lines_;  // never shrinks: leases and consumers point into it
  absl::flat_hash_map<Sequence, Lease> leases_;
  absl::flat_hash_map<uint64_t, std::pair<Line*, Consumers::iterator>> waiting_;  // by number
  absl::flat_hash_map<std::pair<LeaseListener*, uint64_t>, uint64_t> numbers_;    // by whom, and token
  TimingWheel lease_ends_, wait_ends_;  // sequences; numbers of consumers. Either may be stale
  uint64_t last_number_ = 0;
  bool stopped_ = false;
};

}  // namespace forebay
