// The part of the intake desk that is about messages it took: how they are, and what becomes of them by hand.
#include <fmt/format.h>

#include "relay/intake_desk.h"
#include "relay/refusal_problem.h"

namespace forebay {
namespace {

// The contract's states have no word of their own for what an operator purged, or for what left the dead-letter store:
// one was called off, the other died.
const char* name_of(const FinishedMessage& finished) {
  if (finished.was_dead) return "dead";
  switch (finished.how) {
    case Settlement::delivered:
      return "delivered";
    case Settlement::expired:
      return "expired";
    case Settlement::superseded:
      return "superseded";
    case Settlement::cancelled:
    case Settlement::purged:
    case Settlement::dropped:
      break;
  }
  return "cancelled";
}

const char* last_outcome_of(const FinishedMessage& finished) {
  switch (finished.how) {
    case Settlement::delivered:
      return "delivered";
    case Settlement::purged:
      return "purged by an operator";
    case Settlement::dropped:
      return finished.was_dead ? "dropped from the dead-letter store" : "dropped: the queue was full (on_full)";
    case Settlement::expired:
    case Settlement::cancelled:
    case Settlement::superseded:
      break;
  }
  return "";
}

const char* name_of(MessageState state) {
  switch (state) {
    case MessageState::ready:
      return "ready";
    case MessageState::delayed:
      return "delayed";
    case MessageState::retrying:
      return "retrying";
    case MessageState::in_flight:
      return "in_flight";
    case MessageState::held:
      return "held";
    case MessageState::dead:
      break;
  }
  return "dead";
}

}  // namespace

std::optional<Problem> IntakeDesk::sequence_of(std::string_view id, Sequence* sequence, QueueId* queue) {
  const auto decoded = ids_.decode(id);
  if (!decoded || decoded->sequence >= core_.next_sequence()) {
    return problem(404, "no-such-message", "No such message", "this store has given no message that id");
  }
  *sequence = decoded->sequence;
  *queue = decoded->queue;
  return std::nullopt;
}

// A store that lost a part to damage cannot say of a message that it finished.
Problem IntakeDesk::forgotten() const {
  const BacklogFigures figures = backlog_.figures();
  if (figures.quarantined_segments + figures.missing_segments == 0) {
    return problem(404, "forgotten", "Finished and forgotten",
                   "the message is finished; how it ended is kept for status_retention only");
  }
  return problem(
      404, "forgotten", "Not known any more",
      "the message is finished, or it was in the part of the journal that is damaged: see /readyz and the log");
}

std::variant<MessageStatus, Problem> IntakeDesk::find(std::string_view id) {
  Sequence sequence = 0;
  QueueId queue = 0;
  if (auto refused = sequence_of(id, &sequence, &queue)) return *refused;
  const Now now = clock_.now();
  if (core_.is_waiting(sequence)) return waiting_status(id, sequence, now);
  const auto finished = core_.finished(sequence, now);
  if (!finished) return forgotten();
  MessageStatus status;
  status.id = id;
  status.queue = core_.queue(queue) != nullptr ? core_.queue(queue)->config.name : "";
  status.state = name_of(*finished);
  status.attempts = finished->attempts;
  status.last_outcome = last_outcome_of(*finished);
  return status;
}

MessageStatus IntakeDesk::waiting_status(std::string_view id, Sequence sequence, Now now) const {
  const Explanation why = core_.explain(sequence, now);
  MessageStatus status;
  status.id = id;
  status.queue = core_.queue(why.queue)->config.name;
  status.state = name_of(why.state);
  status.attempts = why.attempts;
  status.last_outcome = last_outcomes_.find(sequence);
  if (why.state == MessageState::dead) {
    if (const auto letter = backlog_.dead_letter(sequence)) status.last_outcome = letter->reason;
    return status;
  }
  if (why.state == MessageState::in_flight && core_.queue(why.queue)->config.pull) {
    status.state = "leased";
    const auto until = leased_until ? leased_until(sequence) : std::nullopt;
    status.waiting_on = WaitingOn{"lease", "", until ? until : why.until};
    return status;
  }
  if (why.state == MessageState::in_flight) return status;
  status.position = why.position;
  if (why.estimated && *why.estimated != Reservation::never()) status.estimated_delivery = why.estimated;
  status.waiting_on = WaitingOn{why.kind, why.name, why.until};
  if (why.until == Reservation::never()) status.waiting_on->until.reset();
  return status;
}

std::optional<Problem> IntakeDesk::cancel(std::string_view id, uint64_t token, PublishListener& listener) {
  Sequence sequence = 0;
  QueueId queue = 0;
  if (auto refused = sequence_of(id, &sequence, &queue)) return refused;
  const Now now = clock_.now();
  if (!core_.is_waiting(sequence)) {
    const auto finished = core_.finished(sequence, now);
    if (!finished) return forgotten();
    return problem(409, "finished", "The message is finished",
                   fmt::format("it is {} and cannot be cancelled", name_of(*finished)));
  }
  if (!core_.cancel(sequence, now)) {
    return problem(409, "in-flight", "The message is in flight",
                   "an attempt is under way; what is in flight cannot be cancelled");
  }
  answers_.changed(backlog_.open_batch(), token, listener, 1);
  return std::nullopt;
}

std::optional<Problem> IntakeDesk::release(std::string_view id, uint64_t token, PublishListener& listener) {
  Sequence sequence = 0;
  QueueId queue = 0;
  if (auto refused = sequence_of(id, &sequence, &queue)) return refused;
  if (!core_.release(sequence, clock_.now())) {
    return problem(409, "not-held", "The message is not held", "it was released, decided or finished before");
  }
  answers_.changed(backlog_.open_batch(), token, listener, 1);
  return std::nullopt;
}

}  // namespace forebay
