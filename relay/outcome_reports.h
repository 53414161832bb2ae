// OutcomeReports: tells the `outcomes` queue of a queue how its messages ended. A report is a message of its own, in
// the same batch of the backlog as the end it tells of: after a crash there are both or neither. One that its queue
// does not take (it is full, or the disk takes no messages) is dropped and counted.
//
// {"id","queue","class","outcome","attempts","status","reason","time"}, application/json; its Idempotency-Key is the id
// and the outcome, so that who reads twice counts once.
#pragma once

#include "base/clock.h"
#include "relay/core.h"
#include "relay/intake_desk.h"
#include "relay/message_id.h"

namespace forebay {

class OutcomeReports {
 public:
  OutcomeReports(Core& core, IntakeDesk& intake, MessageIds& ids) : core_(core), intake_(intake), ids_(ids) {}

  // Before each flush of the backlog.
  void work(Now now);

 private:
  void publish(const EndReport& report, Now now);

  Core& core_;
  IntakeDesk& intake_;
  MessageIds& ids_;
};

}  // namespace forebay
