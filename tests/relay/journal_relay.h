// A relay on a journal in memory whose workers are stepped: what it keeps is what the next start finds. The sink takes
// what it is given and never answers by itself; it is paused at first, so that nothing is sent.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "relay/relay.h"
#include "tests/backlog/journal_rig.h"

namespace forebay {

class JournalRelay : public PublishListener {
 public:
  // One queue "q" into one sink "s".
  static Config one_queue() {
    Config config;
    config.sinks["s"].name = "s";
    config.sinks["s"].url = "http://127.0.0.1:1/";
    QueueConfig queue;
    queue.name = "q";
    queue.sink = "s";
    config.queues["q"] = queue;
    return config;
  }

  JournalRelay(MemoryFiles& files, Config relay_config) : config(std::move(relay_config)), rig(files) {
    EXPECT_EQ(rig.open(), 0) << rig.error;
    QueueId id = 0;
    EXPECT_EQ(rig.journal->queue_id("q", &id), 0);
    relay = std::make_unique<Relay>(config, std::span(&id, 1), *rig.journal, rig.clock, 1, [](const std::string&) {});
    relay->recover(rig.recovered);
    relay->recovered();
    relay->dispatcher().set_sinks({&sink});
    relay->core().pause_sink(0, true, "test");
  }

  std::optional<Problem> publish(const std::vector<std::string>& bodies, std::optional<Duration> ttl = {}) {
    std::vector<NewMessage> messages(bodies.size());
    for (size_t i = 0; i < bodies.size(); ++i) {
      messages[i].queue = "q";
      messages[i].body = bodies[i];
      messages[i].ttl = ttl;
    }
    return relay->intake().publish(messages, 1, *this);
  }
  // A turn of the loop, and all that the workers have to do.
  void turn() {
    relay->turn();
    rig.run_all();
    for (const auto& [batch, error] : std::exchange(rig.committed, {})) relay->on_committed(batch, error);
  }
  Queue& queue() { return relay->core().queues()[0]; }
  Now now() { return rig.clock.now(); }

  void on_published(uint64_t, std::span<const AcceptedMessage> accepted) override {
    for (const AcceptedMessage& one : accepted) ids.emplace_back(one.id.data(), one.id.size());
  }
  void on_refused(uint64_t, const Problem& problem) override { refused.push_back(problem.status); }
  void on_changed(uint64_t, uint64_t) override { ++changed; }

  class SilentSink : public Sink {
   public:
    void deliver(Delivery delivery) override { tickets.push_back(delivery.ticket); }
    void reconfigure(const SinkConfig&) override {}
    void shut_down() override {}
    std::vector<Ticket> tickets;
  };

  Config config;
  Rig rig;
  SilentSink sink;
  std::unique_ptr<Relay> relay;
  std::vector<std::string> ids;
  std::vector<int> refused;
  int changed = 0;
};

}  // namespace forebay
