// ReplyDesk: the producers of forwarded requests that wait for the sink's own reply, by message.
//
// Promise: each that is expected is told once, by PublishListener::on_reply(): what the sink replied, or that there is
// none to wait for. Expected is a message between the sync of its record and the end of that turn of the loop: what was
// not handed to its sink by then had no permit, and is told so. An attempt that has begun ends within the sink's
// timeout, so nothing here needs a timer. Loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"
#include "doors/intake.h"

namespace forebay {

class ReplyDesk {
 public:
  struct Waiting {
    uint64_t token = 0;
    PublishListener* listener = nullptr;  // nullptr: gone
    uint64_t body_bytes_max = 0;          // at least 1
  };
  void expect(Sequence sequence, QueueId queue, Waiting waiting);
  // Messages of that queue whose attempt has yet to begin.
  uint64_t expected(QueueId queue) const;

  // Its attempt begins: so many bytes of a reply are wanted; 0: nobody waits.
  uint64_t begun(Sequence sequence);
  bool awaits(Sequence sequence) const { return waiting_.contains(sequence); }
  void reply(Sequence sequence, const SinkReply& reply) { tell(sequence, &reply); }
  void none(Sequence sequence) { tell(sequence, nullptr); }
  // What could go has gone.
  void end_turn();
  void forget(PublishListener& listener);

 private:
  struct Expected {
    Sequence sequence;
    QueueId queue;
  };
  void tell(Sequence sequence, const SinkReply* reply);

  std::map<Sequence, Waiting> waiting_;  // a few: those at a time that found their queue empty
  std::vector<Expected> expected_;       // in order
};

}  // namespace forebay
