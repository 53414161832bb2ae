// A relay with a fake backlog, a virtual clock and sinks that answer when told to: its desks, as doors see
// them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "relay/relay.h"
#include "tests/relay/core_world.h"
#include "tests/relay/fake_backlog.h"

namespace forebay {

// Two queues into one sink that never opens a breaker.
inline Config two_queues() {
  Config config = CoreWorld::simple();
  config.sinks["s"].dead_storm = 0;
  config.queues["r"] = config.queues["q"];
  config.queues["r"].name = "r";
  return config;
}

class VirtualClock : public Clock {
 public:
  Now now() override { return at; }
  Now at{{1'000'000'000'000}, {1'700'000'000'000'000'000}};
};

class RecordingSink : public Sink {
 public:
  void deliver(Delivery delivery) override { deliveries.push_back(std::move(delivery)); }
  void reconfigure(const SinkConfig&) override {}
  void shut_down() override {}
  std::vector<Delivery> deliveries;
};

class DeskWorld : public PublishListener {
 public:
  struct Answer {
    std::optional<Problem> problem;  // on_refused
    std::vector<AcceptedMessage> accepted;
    std::optional<uint64_t> changed;
  };

  explicit DeskWorld(Config config = CoreWorld::simple()) : config_(std::move(config)) { restart({}); }

  void restart(const std::vector<RecoveredMessage>& messages) {
    std::vector<QueueId> ids;
    for (size_t i = 0; i < config_.queues.size(); ++i) ids.push_back(static_cast<QueueId>(i + 1));
    relay = std::make_unique<Relay>(config_, ids, backlog, clock, 1, [](const std::string&) {});
    relay->recover(messages);
    relay->recovered();
    relay->dispatcher().set_sinks(std::vector<Sink*>(config_.sinks.size(), &sink));
  }

  static NewMessage message(std::string_view body = "body", std::string_view queue = "q") {
    NewMessage message;
    message.queue = queue;
    message.body = body;
    return message;
  }

  // The token of a call that was taken; else the call's Problem.
  std::variant<uint64_t, Problem> publish(const std::vector<NewMessage>& messages) {
    return taken(relay->intake().publish(messages, ++token_, *this));
  }
  std::variant<uint64_t, Problem> cancel(const std::string& id) {
    return taken(relay->intake().cancel(id, ++token_, *this));
  }
  // Any change of the admin door: ask(token, listener).
  template <typename Ask>
  std::variant<uint64_t, Problem> change(Ask ask) {
    return taken(ask(++token_, *this));
  }

  // Hands what was gathered to the backlog, which reports it with that errno.
  void commit(int error = 0) {
    backlog.flush();
    for (const uint64_t batch : std::exchange(backlog.handed_over, {})) {
      backlog.known(batch, error);
      relay->on_committed(batch, error);
    }
  }
  // Published and durable; its id.
  std::string accept(NewMessage one = message()) {
    const uint64_t token = std::get<uint64_t>(publish({one}));
    commit();
    const MessageId id = answers.at(token).accepted.at(0).id;
    return {id.data(), id.size()};
  }
  // Turns until nothing more is sent; what is in memory reaches the sink.
  void turn() {
    relay->hand_over();
    relay->turn();
    commit();
  }
  void answer_next(const Outcome& outcome) {
    const Ticket ticket = sink.deliveries.at(answered_++).ticket;
    relay->dispatcher().on_outcome(ticket, outcome);
  }
  void advance(Duration d) {
    clock.at.steady = clock.at.steady + d;
    clock.at.wall = clock.at.wall + d;
  }

  MessageStatus status(const std::string& id) { return std::get<MessageStatus>(relay->intake().find(id)); }
  Queue& queue() { return relay->core().queues().front(); }
  // All bodies are in memory from here on.
  void hold_all() {
    for (Sequence sequence = 1; sequence < 10'000; ++sequence) backlog.in_memory.insert(sequence);
  }

  void on_published(uint64_t token, std::span<const AcceptedMessage> accepted) override {
    answers[token].accepted.assign(accepted.begin(), accepted.end());
  }
  void on_refused(uint64_t token, const Problem& problem) override { answers[token].problem = problem; }
  void on_changed(uint64_t token, uint64_t count) override { answers[token].changed = count; }

  FakeBacklog backlog;
  VirtualClock clock;
  RecordingSink sink;
  std::unique_ptr<Relay> relay;
  std::map<uint64_t, Answer> answers;

 private:
  std::variant<uint64_t, Problem> taken(std::optional<Problem> problem) {
    if (problem) return *problem;
    return token_;
  }

  Config config_;
  uint64_t token_ = 0;
  size_t answered_ = 0;
};

}  // namespace forebay
