#include "relay/dedup_desk.h"

#include <fmt/format.h>
#include <prometheus/counter.h>

#include <algorithm>
#include <cstring>

#include "doors/refusal.h"
#include "relay/answers.h"

namespace forebay {

DedupDesk::DedupDesk(Core& core, Backlog& backlog, MessageIds& ids, const Metrics& metrics)
    : core_(core), backlog_(backlog), ids_(ids), metrics_(metrics) {}

void DedupDesk::follow(const Config& config) {
  queues_.clear();
  topics_.clear();
  for (const auto& [name, queue] : config.queues) {
    if (queue.dedup > Duration{}) queues_[name] = queue.dedup;
  }
  for (const auto& [name, topic] : config.topics) {
    Duration window = topic.dedup;
    if (window == Duration{}) {
      for (const std::string& queue : topic.queues) window = std::max(window, config.queues.at(queue).dedup);
    }
    if (window > Duration{}) topics_[name] = window;
  }
}

Duration DedupDesk::window_of(const NewMessage& message) const {
  if (message.idempotency_key.empty()) return {};
  const auto& windows = message.topic.empty() ? queues_ : topics_;
  const auto found = windows.find(message.topic.empty() ? message.queue : message.topic);
  return found == windows.end() ? Duration{} : found->second;
}

DedupDesk::Look DedupDesk::look(std::span<const NewMessage> messages, uint64_t token, PublishListener& listener,
                                Now now) {
  now_ = now;
  plain_ = (queues_.empty() && topics_.empty()) || !read_lines(messages);
  if (plain_) return {.fresh = messages};
  Missing missing;
  if (auto refused = find(messages, &missing)) return {.refused = std::move(refused)};
  if (missing.any()) return wait(messages, token, listener, std::move(missing));
  if (auto full = no_room(messages)) return {.refused = std::move(full)};
  return {.fresh = fresh_of(messages)};
}

// False: none of them has a key that is remembered.
bool DedupDesk::read_lines(std::span<const NewMessage> messages) {
  lines_.clear();
  bool any = false;
  for (const NewMessage& message : messages) {
    Line& line = lines_.emplace_back();
    line.window = window_of(message);
    if (line.window == Duration{}) continue;
    line.key = dedup_key(message, backlog_.id_key());
    any = true;
  }
  return any;
}

std::optional<Problem> DedupDesk::find(std::span<const NewMessage> messages, Missing* missing) {
  absl::flat_hash_map<uint64_t, uint32_t> seen;
  for (uint32_t i = 0; i < lines_.size(); ++i) {
    Line& line = lines_[i];
    if (line.window == Duration{}) continue;
    const auto [first, is_first] = seen.emplace(line.key.key, i);
    if (is_first) {
      find_one(line, missing);
      if (line.known && line.known->content != line.key.content) return reused(messages[i]);
      continue;
    }
    if (lines_[first->second].key != line.key) return reused(messages[i]);
    line.is = Line::Is::again;
    line.place = first->second;
  }
  return std::nullopt;
}

// The disk is asked only where memory names places, and once: what was read at those very places holds.
void DedupDesk::find_one(Line& line, Missing* missing) {
  line.is = Line::Is::fresh;
  const uint64_t key = line.key.key;
  if (const auto batch = under_way_.find(key); batch != under_way_.end()) {
    missing->batch = std::max(missing->batch, batch->second);
    return;
  }
  std::vector<KeyPlace> places = backlog_.key_places(key);
  if (places.empty()) return;
  const Reading* reading = nullptr;
  if (resumed_ != nullptr) {
    const auto read = std::ranges::find(resumed_->readings, key, &Reading::key);
    if (read != resumed_->readings.end() && read->places == places) reading = &*read;
  }
  if (reading == nullptr) {
    missing->readings.push_back({key, std::move(places), {}});
    return;
  }
  // The newest decides: when it was accepted, any older one was over, even if the power took its end since.
  if (reading->found.empty() || !backlog_.still_remembered(reading->found.back())) return;
  line.is = Line::Is::known;
  line.known = reading->found.back();
}

std::optional<Problem> DedupDesk::reused(const NewMessage& message) const {
  const std::string where = message.line > 0 ? fmt::format("line {}: ", message.line) : std::string();
  return refusal(422, "idempotency-key-reused", "The Idempotency-Key was used for another message",
                 where +
                     "under this Idempotency-Key another body, or another content type, was published, and it is "
                     "remembered still; send what it stands for, or another key");
}

std::optional<Problem> DedupDesk::no_room(std::span<const NewMessage> messages) const {
  size_t copies = 0;
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].is != Line::Is::fresh) continue;
    copies += messages[i].topic.empty() ? 1 : std::max<size_t>(core_.queues().size(), 1);
  }
  if (copies == 0 || backlog_.key_room(copies)) return std::nullopt;
  Problem full = refusal(503, "idempotency-keys-full", "No more Idempotency-Keys can be remembered",
                         "what may be kept of them is full, and none is forgotten before its time; messages without "
                         "an Idempotency-Key are taken as ever");
  full.retry_after = Duration::seconds(30);
  return full;
}

std::span<const NewMessage> DedupDesk::fresh_of(std::span<const NewMessage> messages) {
  fresh_.clear();
  for (size_t i = 0; i < lines_.size(); ++i) {
    Line& line = lines_[i];
    if (line.is == Line::Is::again || line.is == Line::Is::known) continue;
    line.place = static_cast<uint32_t>(fresh_.size());
    fresh_.push_back(messages[i]);
  }
  return fresh_;
}

// ---- answers ----

std::span<const AcceptedMessage> DedupDesk::answer(std::span<const MessageFacts> facts,
                                                   std::span<const AcceptedMessage> accepted) {
  if (plain_) return accepted;
  answer_.clear();
  size_t next = 0;                                                  // in `accepted`
  std::vector<std::pair<size_t, size_t>> stretches(lines_.size());  // of each line, in answer_
  for (uint32_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    const size_t begin = answer_.size();
    if (line.is == Line::Is::known) {
      answer_known(*line.known, i);
    } else if (line.is == Line::Is::again) {
      for (size_t k = stretches[line.place].first; k < stretches[line.place].second; ++k) {
        AcceptedMessage copy = answer_[k];
        copy.message = i;
        copy.deduplicated = true;
        answer_.push_back(copy);
      }
    } else {
      const size_t first = next;
      for (; next < accepted.size() && accepted[next].message == line.place; ++next) {
        answer_.push_back(accepted[next]);
        answer_.back().message = i;
      }
      if (line.is == Line::Is::fresh) remember(line, facts.subspan(first, next - first));
    }
    stretches[i] = {begin, answer_.size()};
  }
  for (const AcceptedMessage& copy : answer_) count(copy);
  return answer_;
}

void DedupDesk::remember(const Line& line, std::span<const MessageFacts> facts) {
  RememberedKey key{line.key.key, line.key.content, line.window, {}};
  for (const MessageFacts& copy : facts) key.copies.push_back({copy.sequence, copy.queue, 0});
  if (key.copies.empty()) return;  // of a topic without queues nothing was kept
  backlog_.remember(key);
  const uint64_t batch = backlog_.open_batch();
  if (batches_.empty() || batches_.back().first != batch) batches_.push_back({batch, {}});
  batches_.back().second.push_back(key.key);
  under_way_[key.key] = batch;
}

// Of one that is finished: when it was, as its estimate.
void DedupDesk::answer_known(const RememberedKey& known, uint32_t line) {
  for (const KeyedCopy& copy : known.copies) {
    AcceptedMessage& accepted = answer_.emplace_back();
    accepted.id = ids_.encode(copy.sequence, copy.queue);
    accepted.queue = name_of(copy.queue);
    accepted.message = line;
    accepted.deduplicated = true;
    accepted.estimated_delivery = copy.ended_ms > 0 ? WallTime::from_ms(copy.ended_ms) : now_.wall;
    if (!core_.is_waiting(copy.sequence)) continue;
    const Explanation why = core_.explain(copy.sequence, now_);
    accepted.position = why.position;
    accepted.estimated_delivery = why.estimated.value_or(now_.wall);
    if (why.state == MessageState::dead) accepted.estimated_delivery = far_future();
  }
}

void DedupDesk::count(const AcceptedMessage& copy) const {
  if (!copy.deduplicated) return;
  if (const QueueMetrics* metrics = metrics_.find_queue(copy.queue)) metrics->deduplicated->Increment();
}

// A name once given stays where it is: answers on their way view it.
std::string_view DedupDesk::name_of(QueueId queue) {
  const Queue* known = core_.queue(queue);
  return names_.try_emplace(queue, known != nullptr ? known->config.name : std::string()).first->second;
}

// ---- calls that wait ----

DedupDesk::Look DedupDesk::wait(std::span<const NewMessage> messages, uint64_t token, PublishListener& listener,
                                Missing missing) {
  const size_t bytes = KeptMessages::bytes_of(messages);
  if (waiting_bytes_ + bytes > waiting_bytes_max && waiting_bytes_ > 0) {
    Problem busy = refusal(503, "busy", "Too many duplicates at a time",
                           "more messages whose Idempotency-Key is known wait for what is known of it than may; "
                           "nothing was kept, send it again later");
    busy.retry_after = Duration::seconds(1);
    return {.refused = std::move(busy)};
  }
  Call& call = *calls_.emplace_back(std::make_unique<Call>(messages, token, listener));
  call.number = next_number_++;
  call.bytes = bytes;
  call.batch = missing.batch;
  waiting_bytes_ += bytes;
  if (call.batch == 0) {
    call.readings = std::move(missing.readings);
    read(call);
  }
  return {.waits = true};
}

void DedupDesk::read(Call& call) {
  call.unread = call.readings.size();
  for (size_t i = 0; i < call.readings.size(); ++i) {
    const Reading& reading = call.readings[i];
    backlog_.read_keys(reading.key, reading.places,
                       [this, number = call.number, i](int error, std::vector<RememberedKey> found) {
                         have_read(number, i, error, std::move(found));
                       });
  }
}

void DedupDesk::have_read(uint64_t number, size_t which, int error, std::vector<RememberedKey> found) {
  const auto at = std::ranges::find(calls_, number, [](const auto& call) { return call->number; });
  if (at == calls_.end()) return;  // forgotten meanwhile
  Call& call = **at;
  call.readings[which].found = std::move(found);
  call.error = error != 0 ? error : call.error;
  if (--call.unread > 0) return;
  if (call.error == 0) return go_on(number);
  Problem unknown =
      refusal(503, "idempotency-keys-unreadable", "The Idempotency-Key could not be looked up",
              fmt::format("reading what is known of it failed ({}); nothing was kept, send it again later",
                          std::strerror(call.error)));
  unknown.retry_after = Duration::seconds(1);
  refuse(number, unknown);
}

std::unique_ptr<DedupDesk::Call> DedupDesk::take(uint64_t number) {
  const auto at = std::ranges::find(calls_, number, [](const auto& call) { return call->number; });
  if (at == calls_.end()) return nullptr;
  std::unique_ptr<Call> call = std::move(*at);
  calls_.erase(at);
  waiting_bytes_ -= call->bytes;
  return call;
}

void DedupDesk::go_on(uint64_t number) {
  const std::unique_ptr<Call> call = take(number);
  if (call == nullptr) return;
  resumed_ = call.get();
  const auto problem = resume(call->messages.messages(), call->token, *call->listener);
  resumed_ = nullptr;
  if (problem) call->listener->on_refused(call->token, *problem);
}

void DedupDesk::refuse(uint64_t number, const Problem& problem) {
  const std::unique_ptr<Call> call = take(number);
  if (call != nullptr) call->listener->on_refused(call->token, problem);
}

void DedupDesk::committed(uint64_t batch, int error, const std::string& why) {
  while (!batches_.empty() && batches_.front().first <= batch) {
    for (const uint64_t key : batches_.front().second) under_way_.erase(key);
    batches_.pop_front();
  }
  std::vector<uint64_t> due;
  for (const auto& call : calls_) {
    if (call->batch != 0 && call->batch <= batch) due.push_back(call->number);
  }
  for (const uint64_t number : due) {
    if (error == 0) {
      go_on(number);
    } else {
      refuse(number, storage_problem(error, why));
    }
  }
}

void DedupDesk::forget(PublishListener& listener) {
  std::vector<uint64_t> gone;
  for (const auto& call : calls_) {
    if (call->listener == &listener) gone.push_back(call->number);
  }
  for (const uint64_t number : gone) take(number);
}

}  // namespace forebay
