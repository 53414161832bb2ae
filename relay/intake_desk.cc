#include "relay/intake_desk.h"

#include <fmt/format.h>
#include <prometheus/counter.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "relay/key_hash.h"
#include "relay/live_streams.h"
#include "relay/meta.h"
#include "relay/refusal_problem.h"

namespace forebay {
IntakeDesk::IntakeDesk(Core& core, Backlog& backlog, Clock& clock, MessageIds& ids, Answers& answers, JournalRoom& room,
                       const LastOutcomes& last_outcomes, const Metrics& metrics, Promises& promises,
                       const Topics& topics)
    : core_(core),
      backlog_(backlog),
      clock_(clock),
      ids_(ids),
      answers_(answers),
      room_(room),
      last_outcomes_(last_outcomes),
      metrics_(metrics),
      promises_(promises),
      topics_(topics),
      reader_(key_seed(backlog.id_key())),
      dedup_(core, backlog, ids, metrics) {
  dedup_.resume = [this](auto messages, uint64_t token, PublishListener& listener) {
    return publish(messages, token, listener);
  };
  look_again();
}

// Names that stay keep their place: answers on their way to the doors view them. One that goes has nothing on its way.
void IntakeDesk::look_again() {
  std::erase_if(known_, [this](const KnownQueues::value_type& known) {
    const Queue* queue = core_.queue(known.second.id);
    return queue == nullptr || !queue->configured || queue->config.name != known.first;
  });
  for (const Queue& queue : core_.queues()) {
    if (!queue.configured) continue;
    const SinkConfig& sink = core_.lanes()[queue.sink]->config();
    const bool own_cost = queue.config.cost.from != ValueSource::From::none;
    KnownQueue& known = known_[queue.config.name];
    known.id = queue.id;
    producers_.follow_queue(queue.id, queue.config);
    known.paths = {ValuePath(queue.config.key), ValuePath(own_cost ? queue.config.cost : sink.cost)};
    known.cost_misses = metrics_.find_queue(queue.config.name)->cost_misses;
  }
}

std::optional<Problem> IntakeDesk::publish(std::span<const NewMessage> messages, uint64_t token,
                                           PublishListener& listener) {
  assert(!messages.empty());
  if (stopping_) {
    for (const NewMessage& message : messages) {
      for (const std::string_view queue : queues_of(message)) count_refused(queue, &QueueCounters::refused_stopping);
    }
    Problem p = problem(503, "stopping", "Forebay is stopping", "send it again when it is back");
    p.retry_after = Duration::seconds(5);
    return p;
  }
  return store(messages, token, listener);
}

bool IntakeDesk::report(const NewMessage& message) {
  return !store({&message, 1}, 0, nobody_);
}

std::optional<Problem> IntakeDesk::store(std::span<const NewMessage> messages, uint64_t token,
                                         PublishListener& listener) {
  facts_.clear();
  accepted_.clear();
  metas_.clear();
  written_.clear();
  const Now now = clock_.now();
  const DedupDesk::Look look = dedup_.look(messages, token, listener, now);
  if (look.refused && look.refused->status == 503) {
    for (const NewMessage& message : messages) {
      for (const std::string_view queue : queues_of(message)) count_refused(queue, &QueueCounters::refused_keys);
    }
  }
  if (look.refused || look.waits) return look.refused;
  if (look.fresh.empty()) {
    answers_.published(backlog_.open_batch(), token, listener, {}, dedup_.answer({}, {}));
    return std::nullopt;
  }
  messages = look.fresh;
  if (auto refused = admit_all(messages, now)) {
    core_.withdrawn(facts_);
    return refused;
  }
  producers_.take(messages.front().by, messages.size(), facts_, now);
  Written begin{0, 0};
  for (size_t i = 0; i < messages.size(); begin = written_[i++]) {
    const auto meta = std::string_view(metas_).substr(begin.meta_end, written_[i].meta_end - begin.meta_end);
    const auto copies = std::span(facts_).subspan(begin.facts_end, written_[i].facts_end - begin.facts_end);
    if (!copies.empty()) backlog_.append(copies, meta, messages[i].body);
    if (streams != nullptr) tell_readers(messages[i], begin.facts_end, copies.size());
  }
  note_promises();
  answers_.published(backlog_.open_batch(), token, listener, facts_, dedup_.answer(facts_, accepted_));
  return std::nullopt;
}

// Those who follow its topic, under the id that the producer is told.
void IntakeDesk::tell_readers(const NewMessage& message, size_t first_copy, size_t copies) {
  if (message.topic.empty() || message.hold || !streams->is_followed(message.topic)) return;
  if (copies == 0) return streams->publish(message.topic, {}, message.body, std::nullopt);
  const MessageId& id = accepted_[first_copy].id;
  streams->publish(message.topic, {id.data(), id.size()}, message.body, backlog_.open_batch());
}

RateLimits IntakeDesk::rate_limits(const NewMessage& message) {
  const auto found = known_.find(message.queue);
  const auto queue = found == known_.end() ? std::nullopt : std::optional(found->second.id);
  return producers_.limits_of(message.by, queue, clock_.now());
}

void IntakeDesk::note_promises() {
  for (size_t i = 0; i < facts_.size(); ++i) {
    const Sequence sequence = facts_[i].sequence;
    const WallTime estimated = accepted_[i].estimated_delivery;
    if (!Promises::sampled(sequence) || estimated == Reservation::never()) continue;
    promises_.make(sequence, estimated, [this](Sequence older) {
      const MessageEntry* entry = core_.entry(older);
      return entry != nullptr && entry->state != MessageState::dead;
    });
  }
}

std::optional<Problem> IntakeDesk::admit_all(std::span<const NewMessage> messages, Now now) {
  uint64_t bytes = 0;
  for (const NewMessage& message : messages) {
    if (auto refused = admit(message, now)) {
      if (auto never = never_fits(messages, refused_by_)) return never;
      if (message.line > 0) refused->detail = fmt::format("line {}: {}", message.line, refused->detail);
      return refused;
    }
    bytes += facts_.empty() ? 0 : facts_.back().bytes;  // a body is stored once, whatever the copies
  }
  int error = 0;
  if (auto over = producers_.refusal(messages.front().by, messages.size(), facts_, now)) {
    for (const AcceptedMessage& copy : accepted_) count_refused(copy.queue, &QueueCounters::refused_producer);
    return over;
  }
  auto refused = room_.refusal(bytes, facts_.size(), now, &error);
  if (refused) {
    for (const AcceptedMessage& copy : accepted_) count_refused(copy.queue, refusal_counter(error));
  }
  return refused;
}

// Where its copies go, in order.
std::span<const std::string_view> IntakeDesk::queues_of(const NewMessage& message) {
  queues_.clear();
  if (message.topic.empty()) {
    queues_.push_back(message.queue);
  } else if (const auto* queues = topics_.queues_of(message.topic)) {
    queues_.assign(queues->begin(), queues->end());
  }
  return queues_;
}

// More than a queue may ever hold is not to be sent again as it is.
std::optional<Problem> IntakeDesk::never_fits(std::span<const NewMessage> messages, std::string_view refused_by) {
  const auto found = known_.find(refused_by);
  if (found == known_.end()) return std::nullopt;
  const QueueConfig& queue = core_.queue(found->second.id)->config;
  uint64_t count = 0, bytes = 0;
  for (const NewMessage& message : messages) {
    const auto queues = queues_of(message);
    if (std::find(queues.begin(), queues.end(), queue.name) == queues.end()) continue;
    ++count;
    bytes += message.body.size();
  }
  for (size_t i = 0; i < facts_.size(); ++i) {
    if (accepted_[i].queue == queue.name) bytes += facts_[i].bytes - messages[accepted_[i].message].body.size();
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
  const auto found = known_.find(queue);
  if (found != known_.end()) ++(core_.queue_of(found->second.id).counters.*counter);
}

bool IntakeDesk::has_class(std::string_view queue, std::string_view klass) const {
  const auto known = known_.find(queue);
  return known != known_.end() && core_.class_number(known->second.id, klass).has_value();
}

// Who publishes to a topic need not know what each of its queues is made of: those without the class take the message
// as `default`, if one of them has it.
std::optional<Problem> IntakeDesk::read_class(const NewMessage& message, std::string_view queue,
                                              AdmitRequest* request) const {
  const auto number = core_.class_number(request->queue, message.klass);
  const bool elsewhere = std::any_of(queues_.begin(), queues_.end(),
                                     [&](std::string_view other) { return has_class(other, message.klass); });
  if (number || elsewhere) {
    request->klass = number.value_or(0);
    return std::nullopt;
  }
  std::string known = "default";
  for (const auto& [name, klass] : core_.queue(request->queue)->config.classes) {
    if (name != "default") known += ", " + name;
  }
  return problem(422, "no-such-class", "No such class",
                 fmt::format("queue \"{}\" has no class \"{}\"; it has {}", queue, message.klass, known));
}

std::optional<Problem> IntakeDesk::read_key_and_cost(const NewMessage& message, const KnownQueue& queue,
                                                     AdmitRequest* request) {
  const KeyAndCost found = reader_.read(queue.paths, message);
  if (found.cost_missed) queue.cost_misses->Increment();
  request->key = found.key;
  request->cost = found.cost;
  const uint32_t most = core_.cost_max(request->queue, request->klass);
  if (found.cost <= most) return std::nullopt;
  return problem(422, "cost-too-high", "It costs more than the limits ever allow",
                 fmt::format("the message costs {}, and {} is the most that the limits on the way of queue \"{}\" let "
                             "through at a time",
                             found.cost, most, core_.queue(request->queue)->config.name));
}

void IntakeDesk::write_meta(const NewMessage& message, Now now) {
  Meta meta;
  meta.content_type = message.content_type;
  meta.key = message.key;
  meta.idempotency_key = message.idempotency_key;
  meta.method = message.method;
  meta.target = message.target;
  meta.forward.assign(message.forward.begin(), message.forward.end());
  if (message.not_before) {
    meta.not_before_ms = message.not_before->ms();
  } else if (message.delay) {
    meta.not_before_ms = core_.time().ms(now) + message.delay->ms();
  }
  encode_meta(meta, &metas_);
}

std::optional<Problem> IntakeDesk::admit(const NewMessage& message, Now now) {
  if (!message.topic.empty() && topics_.find(message.topic) == nullptr) {
    return problem(404, "no-such-topic", "No such topic",
                   fmt::format("there is no topic \"{}\" in the configuration", message.topic));
  }
  if (message.hold && (message.delay || message.not_before)) {
    return problem(422, "hold-and-delay", "A held message has no delay",
                   "it goes when it is released; leave out the delay or the hold");
  }
  write_meta(message, now);
  for (const std::string_view queue : queues_of(message)) {
    refused_by_ = queue;
    if (auto refused = admit_copy(message, queue, now)) return refused;
  }
  written_.push_back({facts_.size(), metas_.size()});
  return std::nullopt;
}

std::optional<Problem> IntakeDesk::admit_copy(const NewMessage& message, std::string_view queue, Now now) {
  const auto found = known_.find(queue);
  if (found == known_.end()) {
    return problem(404, "no-such-queue", "No such queue",
                   fmt::format("there is no queue \"{}\" in the configuration", queue));
  }
  AdmitRequest request;
  request.queue = found->second.id;
  if (auto refused = read_class(message, queue, &request)) return refused;
  if (auto refused = read_key_and_cost(message, found->second, &request)) return refused;
  const size_t meta_start = written_.empty() ? 0 : written_.back().meta_end;
  request.bytes = static_cast<uint32_t>(metas_.size() - meta_start + message.body.size());
  request.delay = message.delay;
  request.not_before = message.not_before;
  request.hold = message.hold;
  request.ttl = message.ttl;
  if (message.retries) request.max_attempts = static_cast<uint8_t>(std::min(*message.retries, 254u) + 1);
  const auto result = core_.admit(request, now);
  if (const auto* refusal = std::get_if<Refusal>(&result))
    return refusal_problem(*refusal, core_.queue(request.queue)->config);
  const auto& reservation = std::get<Reservation>(result);
  facts_.push_back(reservation.facts);
  AcceptedMessage& accepted = accepted_.emplace_back();
  accepted.id = ids_.encode(reservation.facts.sequence, request.queue);
  accepted.queue = found->first;
  accepted.position = reservation.position;
  accepted.estimated_delivery = reservation.estimated;
  accepted.message = static_cast<uint32_t>(written_.size());
  return std::nullopt;
}

}  // namespace forebay
