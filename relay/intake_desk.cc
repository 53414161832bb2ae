#include "relay/intake_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "relay/meta.h"

namespace forebay {
namespace {

Problem problem(int status, std::string type, std::string title, std::string detail) {
  Problem p;
  p.status = status;
  p.type = std::move(type);
  p.title = std::move(title);
  p.detail = std::move(detail);
  return p;
}

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

const char* last_outcome_of(Settlement how) {
  switch (how) {
    case Settlement::delivered:
      return "delivered";
    case Settlement::purged:
      return "purged by an operator";
    case Settlement::dropped:
      return "dropped from the dead-letter store";
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
    case MessageState::dead:
      break;
  }
  return "dead";
}

}  // namespace

IntakeDesk::IntakeDesk(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Answers& answers, JournalRoom& room,
                       const LastOutcomes& last_outcomes)
    : core_(core),
      backlog_(backlog),
      clock_(clock),
      ids_(ids),
      answers_(answers),
      room_(room),
      last_outcomes_(last_outcomes) {
  for (const Queue& queue : core.queues()) {
    if (queue.configured) queue_ids_[queue.config.name] = queue.id;
  }
}

std::optional<Problem> IntakeDesk::publish(std::span<const NewMessage> messages, uint64_t token,
                                           PublishListener& listener) {
  assert(!messages.empty());
  if (stopping_) {
    for (const NewMessage& message : messages) count_refused(message.queue, &QueueCounters::refused_stopping);
    Problem p = problem(503, "stopping", "Forebay is stopping", "send it again when it is back");
    p.retry_after = Duration::seconds(5);
    return p;
  }
  facts_.clear();
  accepted_.clear();
  metas_.clear();
  meta_ends_.clear();
  const Now now = clock_.now();
  if (auto refused = admit_all(messages, now)) {
    core_.withdrawn(facts_);
    return refused;
  }
  size_t meta_start = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    const auto meta = std::string_view(metas_).substr(meta_start, meta_ends_[i] - meta_start);
    backlog_.append(std::span(&facts_[i], 1), meta, messages[i].body);
    meta_start = meta_ends_[i];
  }
  answers_.published(backlog_.open_batch(), token, listener, facts_, accepted_);
  return std::nullopt;
}

std::optional<Problem> IntakeDesk::admit_all(std::span<const NewMessage> messages, Now now) {
  uint64_t bytes = 0;
  for (const NewMessage& message : messages) {
    if (auto refused = admit_one(message, now)) {
      if (auto never = never_fits(messages)) return never;
      if (message.line > 0) refused->detail = fmt::format("line {}: {}", message.line, refused->detail);
      return refused;
    }
    bytes += facts_.back().bytes;
  }
  int error = 0;
  auto refused = room_.refusal(bytes, messages.size(), now, &error);
  if (refused) {
    for (const NewMessage& message : messages) count_refused(message.queue, refusal_counter(error));
  }
  return refused;
}

// More than a queue may ever hold is not to be sent again as it is. Asked of what was refused: of the message behind
// `facts_` and those after it the bodies are counted, which is less than they take.
std::optional<Problem> IntakeDesk::never_fits(std::span<const NewMessage> messages) const {
  const NewMessage& refused = messages[facts_.size()];
  const auto found = queue_ids_.find(refused.queue);
  if (found == queue_ids_.end()) return std::nullopt;
  const QueueConfig& queue = core_.queue(found->second)->config;
  uint64_t count = 0, bytes = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].queue != refused.queue) continue;
    ++count;
    bytes += i < facts_.size() ? facts_[i].bytes : messages[i].body.size();
  }
  if (count <= queue.max_messages && bytes <= queue.max_bytes) return std::nullopt;
  const bool by_count = count > queue.max_messages;
  return problem(413, "too-large", "The queue can never hold it",
                 by_count ? fmt::format("queue \"{}\" holds {} messages at most (max_messages), here are {}",
                                        queue.name, queue.max_messages, count)
                          : fmt::format("queue \"{}\" holds {} bytes at most (max_bytes), here are {}", queue.name,
                                        queue.max_bytes, bytes));
}

void IntakeDesk::count_refused(std::string_view queue, uint64_t QueueCounters::*counter) {
  const auto found = queue_ids_.find(queue);
  if (found != queue_ids_.end()) ++(core_.queue_of(found->second).counters.*counter);
}

std::optional<Problem> IntakeDesk::admit_one(const NewMessage& message, Now now) {
  const auto found = queue_ids_.find(message.queue);
  if (found == queue_ids_.end()) {
    return problem(404, "no-such-queue", "No such queue",
                   fmt::format("there is no queue \"{}\" in the configuration", message.queue));
  }
  if (!message.klass.empty() && message.klass != "default") {
    return problem(422, "no-such-class", "No such class",
                   fmt::format("queue \"{}\" has no class \"{}\"", message.queue, message.klass));
  }
  Meta meta;
  meta.content_type = message.content_type;
  meta.key = message.key;
  meta.idempotency_key = message.idempotency_key;
  meta.forward.assign(message.forward.begin(), message.forward.end());
  if (message.not_before) {
    meta.not_before_ms = message.not_before->ms();
  } else if (message.delay) {
    meta.not_before_ms = core_.time().ms(now) + message.delay->ms();
  }
  const size_t meta_start = metas_.size();
  encode_meta(meta, &metas_);
  meta_ends_.push_back(metas_.size());
  AdmitRequest request;
  request.queue = found->second;
  request.bytes = static_cast<uint32_t>(metas_.size() - meta_start + message.body.size());
  request.delay = message.delay;
  request.not_before = message.not_before;
  request.ttl = message.ttl;
  if (message.retries) request.max_attempts = static_cast<uint8_t>(std::min(*message.retries, 254u) + 1);
  const auto result = core_.admit(request, now);
  if (const auto* refusal = std::get_if<Refusal>(&result)) return refusal_problem(*refusal, message);
  const auto& reservation = std::get<Reservation>(result);
  facts_.push_back(reservation.facts);
  AcceptedMessage& accepted = accepted_.emplace_back();
  accepted.id = ids_.encode(reservation.facts.sequence, request.queue);
  accepted.queue = core_.queue(request.queue)->config.name;
  accepted.position = reservation.position;
  accepted.estimated_delivery = reservation.estimated;
  return std::nullopt;
}

Problem IntakeDesk::refusal_problem(const Refusal& refusal, const NewMessage& message) const {
  const QueueConfig& queue = core_.queue(queue_ids_.find(message.queue)->second)->config;
  Problem p;
  if (refusal.why == Refusal::Why::late) {
    p = problem(503, "too-late", "It would arrive too late",
                fmt::format("queue \"{}\" cannot deliver it within its ttl at the limits in force", queue.name));
  } else if (refusal.why == Refusal::Why::full_bytes) {
    p = problem(503, "backlog-full", "The backlog is full",
                fmt::format("queue \"{}\" holds its max_bytes of {} bytes", queue.name, queue.max_bytes));
  } else {
    p = problem(503, "backlog-full", "The backlog is full",
                fmt::format("queue \"{}\" holds its max_messages of {}", queue.name, queue.max_messages));
  }
  p.retry_after = refusal.retry_after;
  return p;
}

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
  status.last_outcome = last_outcome_of(finished->how);
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

}  // namespace forebay
