// World: a message's way from its producer to the downstream and back.
#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/world.h"

namespace forebay::sim {

// ---- in ----

void World::take_arrivals() {
  for (size_t i = 0; i < producers_.size(); ++i) {
    Producer& producer = producers_[i];
    while (producer.next && begin_ + producer.next->at <= now_.steady) {
      const Arrival arrival = *producer.next;
      producer.next = producer.source->next();
      admit(i, arrival);
    }
  }
}

bool World::admit(size_t producer, const Arrival& arrival) {
  if (!up()) return turned_away(producer, arrival, std::nullopt), false;
  const auto told = [&](Event* event) {
    event->now = now_;
    event->queue = arrival.request.queue;
    event->klass = arrival.request.klass;
    event->cost = arrival.request.cost;
    event->bytes = arrival.request.bytes;
    event->key = arrival.request.key;
  };
  touched_ = true;
  Refusal refusal;
  if (backlog_.room(arrival.request.bytes, 1) == 0) {
    const auto result = core_->admit(arrival.request, now_);
    if (const auto* reservation = std::get_if<Reservation>(&result)) {
      ++counts_.came;
      backlog_.append(std::span(&reservation->facts, 1), {}, {});
      digest_.add(Digest::Row::came, now_.steady, reservation->facts.sequence, arrival.request.queue);
      Event event;
      told(&event);
      event.sequence = reservation->facts.sequence;
      tell([&](Observer& o) { o.came(event); });
      return true;
    }
    refusal = std::get<Refusal>(result);
  }
  ++counts_.refused;
  Event event;
  told(&event);
  digest_.add(Digest::Row::refused, now_.steady, event.queue, static_cast<uint64_t>(refusal.retry_after.ns));
  tell([&](Observer& o) { o.refused(event, refusal); });
  turned_away(producer, arrival, refusal.retry_after);
  return false;
}

void World::turned_away(size_t producer, const Arrival& arrival, std::optional<Duration> retry_after) {
  Source& source = *producers_[producer].source;
  const auto again = source.refused(arrival, elapsed(), retry_after);
  if (!again) return void(++counts_.given_up);
  if (free_returns_.empty()) {
    free_returns_.push_back(static_cast<uint32_t>(returns_.size()));
    returns_.emplace_back();
  }
  const uint32_t index = free_returns_.back();
  free_returns_.pop_back();
  returns_[index] = {producer, arrival};
  ++returns_[index].arrival.tries;
  // Not in this moment again: that would never end.
  heap_.add(std::max(begin_ + *again, now_.steady + Duration::microseconds(1)), EventHeap::Kind::comes_again, index);
}

void World::come_again(uint32_t index) {
  const Return back = returns_[index];
  free_returns_.push_back(index);
  admit(back.producer, back.arrival);
}

void World::on_committed(uint64_t batch, int messages_error) {
  if (spends_ != nullptr) spends_->committed(batch, messages_error == 0);
  const std::vector<MessageFacts>& facts = backlog_.committed();
  if (facts.empty()) return;
  core_->durable(facts, now_);
  counts_.accepted += facts.size();
  for (const MessageFacts& f : facts) {
    digest_.add(Digest::Row::accepted, now_.steady, f.sequence);
    if (observers_.empty()) continue;
    const Event event = event_of(*backlog_.find(f.sequence));
    tell([&](Observer& o) { o.accepted(event); });
  }
}

Event World::event_of(const SimBacklog::Kept& kept) const {
  Event event;
  event.now = now_;
  event.sequence = kept.facts.sequence;
  event.queue = kept.facts.queue;
  event.klass = kept.facts.klass;
  event.cost = kept.facts.cost;
  event.bytes = kept.facts.bytes;
  event.key = kept.facts.key;
  Instant since = kept.came;
  // A delay counts from its end; a retry's does not: due_ms changes with it, so look at first attempts only.
  if (kept.attempts == 0 && !kept.facts.due_by_wall && kept.facts.due_ms > kept.facts.accepted_ms) {
    since = since + Duration::milliseconds(kept.facts.due_ms - kept.facts.accepted_ms);
  }
  event.waited = now_.steady - since;
  return event;
}

void World::on_settle(const SimBacklog::Kept& message, Settlement how) {
  const Event event = event_of(message);
  digest_.add(Digest::Row::finished, now_.steady, event.sequence, static_cast<uint64_t>(how));
  if (how == Settlement::delivered) {
    ++counts_.delivered;
    tell([&](Observer& o) { o.delivered(event); });
  } else if (how == Settlement::expired) {
    ++counts_.expired;
    tell([&](Observer& o) { o.expired(event); });
  } else {
    ++counts_.gone;
    tell([&](Observer& o) { o.gone(event, how); });
  }
}

void World::on_dead(const SimBacklog::Kept& message) {
  ++counts_.dead;
  const Event event = event_of(message);
  digest_.add(Digest::Row::dead, now_.steady, event.sequence);
  tell([&](Observer& o) { o.dead(event); });
}

// ---- out ----

void World::send(const Send& send) {
  if (free_flights_.empty()) {
    free_flights_.push_back(static_cast<uint32_t>(flights_.size()));
    flights_.emplace_back();
  }
  const uint32_t index = free_flights_.back();
  free_flights_.pop_back();
  Flight& flight = flights_[index];
  flight = Flight{event_of(*backlog_.find(send.sequence)), now_.steady, send.ticket, life_};
  flight.event.sink = send.sink;
  flight.event.attempt = send.attempt;
  ++counts_.sent;
  digest_.add(Digest::Row::sent, now_.steady, send.sequence, send.attempt);
  tell([&](Observer& o) { o.sent(flight.event); });
  assert(downstreams_[send.sink] != nullptr);
  const Passage passage = downstreams_[send.sink]->leaves(flight.event);
  if (!passage.connected) {
    flight.sent = false;
    flight.arrived = true;
    flight.answer.kind = Outcome::Kind::retry;
    flight.answer.status = 0;
    return heap_.add(now_.steady + passage.takes, EventHeap::Kind::answered, index);
  }
  const Duration timeout = timeouts_[send.sink];
  heap_.add(now_.steady + passage.takes, EventHeap::Kind::arrives, index);
  if (passage.takes < timeout) return;
  flight.answer.replies = false;
  heap_.add(now_.steady + timeout, EventHeap::Kind::answered, index);
}

void World::arrives(uint32_t index) {
  Flight& flight = flights_[index];
  flight.arrived = true;
  flight.event.now = now_;
  const Answer answer = downstreams_[flight.event.sink]->arrives(flight.event);
  ++counts_.arrived;
  digest_.add(Digest::Row::arrived, now_.steady, flight.event.sequence, answer.taken);
  tell([&](Observer& o) { o.arrived(flight.event, answer.taken); });
  if (flight.over) return end_flight(index);
  if (!flight.answer.replies) return;  // it came after its timeout was set
  flight.answer = answer;
  const Instant gives_up = flight.left + timeouts_[flight.event.sink];
  Instant at = now_.steady + answer.takes;
  if (!answer.replies || at >= gives_up) {
    flight.answer.replies = false;
    at = gives_up;
  }
  heap_.add(at, EventHeap::Kind::answered, index);
}

Outcome World::outcome_of(const Flight& flight) const {
  Outcome outcome;
  const Answer& answer = flight.answer;
  outcome.sent = flight.sent;
  if (!flight.sent) {
    outcome.kind = Outcome::Kind::retry;
    outcome.reason = "refused";
  } else if (!answer.replies || answer.reset) {
    outcome.reason = answer.reset ? "reset" : "timeout";
  } else {
    outcome.kind = answer.kind;
    outcome.answered = true;
    outcome.status = answer.status;
    outcome.throttle_key = answer.throttle_key;
    outcome.retry_after = answer.retry_after;
    if (answer.kind != Outcome::Kind::delivered) outcome.reason = "http " + std::to_string(answer.status);
  }
  return outcome;
}

void World::answered(uint32_t index) {
  Flight& flight = flights_[index];
  flight.over = true;
  if (up() && flight.life == life_) {
    const Outcome outcome = outcome_of(flight);
    flight.event.now = now_;
    flight.event.waited = now_.steady - flight.left;
    ++counts_.ended;
    digest_.add(Digest::Row::ended, now_.steady, flight.event.sequence, static_cast<uint64_t>(outcome.kind));
    tell([&](Observer& o) { o.ended(flight.event, outcome); });
    touched_ = true;
    core_->settled(flight.ticket, outcome, now_);
  }
  if (flight.arrived) end_flight(index);
}

void World::end_flight(uint32_t index) {
  free_flights_.push_back(index);
}

}  // namespace forebay::sim
