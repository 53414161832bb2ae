#include "relay/answers.h"

#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace forebay {

namespace {

Problem stored_nothing(int error, const std::string& why) {
  Problem problem;
  problem.status = 507;
  problem.type = "storage";
  problem.detail = why.empty() ? std::strerror(error) : error == ENOSPC ? "the disk is full: " + why : why;
  problem.retry_after = Duration::seconds(1);
  return problem;
}

}  // namespace

uint64_t QueueCounters::*refusal_counter(int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return full ? &QueueCounters::refused_disk_full : &QueueCounters::refused_disk_error;
}

Problem storage_problem(int error, const std::string& why) {
  Problem problem = stored_nothing(error, why);
  problem.title = "The message could not be stored";
  if (error == EMSGSIZE) {
    problem.status = 413;
    problem.type = "too-large";
    problem.detail =
        "what one request holds must fit into one file of the journal (journal.segment) with what is kept beside it; "
        "send fewer messages in a batch";
    problem.retry_after.reset();
    return problem;
  }
  if (error == EAGAIN) {
    problem.status = 503;
    problem.type = "busy";
    problem.detail = "more messages wait for the disk than may at a time";
  }
  problem.detail += "; nothing was kept, send it again later";
  return problem;
}

Answers::Batch& Answers::open(uint64_t number) {
  assert(batches_.empty() || batches_.back().number <= number);
  if (batches_.empty() || batches_.back().number != number) {
    batches_.emplace_back();
    batches_.back().number = number;
  }
  return batches_.back();
}

void Answers::published(uint64_t number, uint64_t token, PublishListener& listener, std::span<const MessageFacts> facts,
                        std::span<const AcceptedMessage> accepted) {
  assert(facts.size() == accepted.size());
  // To a topic that nobody is subscribed to: nothing is written.
  if (facts.empty()) return immediate_.push_back({token, &listener, 0, 0, 0, true});
  Batch& batch = open(number);
  batch.answers.push_back({token, &listener, batch.accepted.size(), accepted.size(), 0, true});
  batch.facts.insert(batch.facts.end(), facts.begin(), facts.end());
  batch.accepted.insert(batch.accepted.end(), accepted.begin(), accepted.end());
  waiting_ += facts.size();
}

void Answers::changed(uint64_t number, uint64_t token, PublishListener& listener, uint64_t count) {
  open(number).answers.push_back({token, &listener, 0, 0, count});
}

void Answers::deliver_immediate() {
  for (const Answer& answer : std::exchange(immediate_, {})) {
    tell({}, answer);
  }
}

void Answers::tell(const Batch& batch, const Answer& answer) {
  if (answer.listener == nullptr) return;
  if (!answer.published) {
    answer.listener->on_changed(answer.token, answer.changes);
  } else {
    answer.listener->on_published(answer.token, std::span(batch.accepted).subspan(answer.first, answer.count));
  }
}

void Answers::refuse(const Answer& answer, int error, const std::string& why) {
  if (answer.listener == nullptr) return;
  if (answer.published) return answer.listener->on_refused(answer.token, storage_problem(error, why));
  Problem problem = stored_nothing(error, why);
  problem.title = "The change is not known to be on disk";
  problem.detail +=
      "; it holds, and is written as soon as the disk takes it, but would not outlive a crash before that";
  answer.listener->on_refused(answer.token, problem);
}

void Answers::committed(uint64_t number, int error, const std::string& why, Now now) {
  if (batches_.empty() || batches_.front().number != number) {
    assert(batches_.empty() || batches_.front().number > number);
    return;  // a batch of settles: nobody waits
  }
  const Batch batch = std::move(batches_.front());
  batches_.pop_front();
  waiting_ -= batch.facts.size();
  if (error == 0) {
    core_.durable(batch.facts, now);
    for (const Answer& answer : batch.answers) tell(batch, answer);
  } else {
    core_.failed(batch.facts);
    for (const MessageFacts& facts : batch.facts) {
      ++(core_.queue_of(facts.queue).counters.*refusal_counter(error));
    }
    for (const Answer& answer : batch.answers) refuse(answer, error, why);
  }
}

void Answers::forget(PublishListener& listener) {
  const auto forget_in = [&](std::vector<Answer>& answers) {
    for (Answer& answer : answers) {
      if (answer.listener == &listener) answer.listener = nullptr;
    }
  };
  for (Batch& batch : batches_) forget_in(batch.answers);
  forget_in(immediate_);
}

}  // namespace forebay
