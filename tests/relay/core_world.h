// A core with a fake backlog and a virtual clock: the smallest world in which a message can live.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "relay/core.h"
#include "tests/relay/fake_backlog.h"

namespace forebay {

class CoreWorld {
 public:
  explicit CoreWorld(Config config, uint64_t seed = 1) : config_(std::move(config)) { restart({}, seed); }

  // One queue "q" into one sink "s" without limits.
  static Config simple() {
    Config config;
    SinkConfig sink;
    sink.name = "s";
    sink.url = "http://127.0.0.1:1/";
    config.sinks["s"] = sink;
    QueueConfig queue;
    queue.name = "q";
    queue.sink = "s";
    config.queues["q"] = queue;
    return config;
  }

  void restart(std::vector<RecoveredMessage> messages, uint64_t seed = 1) {
    std::vector<QueueId> ids;
    for (size_t i = 0; i < config_.queues.size(); ++i) ids.push_back(static_cast<QueueId>(i + 1));
    core = std::make_unique<Core>(config_, ids, backlog, seed, now);
    core->recover(messages);
    core->recovered(now);
  }

  std::variant<Reservation, Refusal> admit(AdmitRequest request) {
    if (request.queue == 0) request.queue = 1;
    if (request.bytes == 0) request.bytes = 100;
    return core->admit(request, now);
  }
  // Admitted and durable at once; its sequence.
  Sequence accept(AdmitRequest request = {}) {
    const auto result = admit(request);
    const MessageFacts facts = std::get<Reservation>(result).facts;
    backlog.append(std::span(&facts, 1), "", "body");
    core->durable(std::span(&facts, 1), now);
    return facts.sequence;
  }

  std::vector<Send> tick() {
    std::vector<Send> sends;
    wake = core->tick(now, &sends);
    return sends;
  }
  void advance(Duration d) {
    now.steady = now.steady + d;
    now.wall = now.wall + d;
  }
  void step_wall(Duration d) { now.wall = now.wall + d; }

  // Runs until `until` or until nothing is due any more; every send is answered after `latency` by
  // answer(send).
  void run(Instant until, Duration latency, const std::function<Outcome(const Send&)>& answer) {
    std::multimap<Instant, Send> under_way;
    while (now.steady <= until) {
      for (const Send& send : tick()) {
        sent.push_back({now.steady, send});
        under_way.emplace(now.steady + latency, send);
      }
      Instant next = wake;
      if (!under_way.empty()) next = std::min(next, under_way.begin()->first);
      if (next.is_never()) return;
      if (next > until) return advance(until - now.steady);
      if (next > now.steady) advance(next - now.steady);
      while (!under_way.empty() && under_way.begin()->first <= now.steady) {
        const Send send = under_way.begin()->second;
        under_way.erase(under_way.begin());
        core->settled(send.ticket, answer(send), now);
      }
    }
  }

  static Outcome outcome(Outcome::Kind kind, int status = 0) {
    Outcome o;
    o.kind = kind;
    o.answered = status != 0;
    o.status = status;
    o.reason = status != 0 ? "http " + std::to_string(status) : "timeout";
    return o;
  }
  static Outcome delivered() { return outcome(Outcome::Kind::delivered, 200); }

  FakeBacklog backlog;
  Now now{{1'000'000'000'000}, {1'700'000'000'000'000'000}};
  Instant wake;
  std::unique_ptr<Core> core;
  std::vector<std::pair<Instant, Send>> sent;

  Queue& queue() { return core->queues().front(); }

 private:
  Config config_;
};

}  // namespace forebay
