#include "relay/sink_rack.h"

#include <gtest/gtest.h>

#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

// What the sinks were told, in order.
using Told = std::vector<std::string>;

class TellingSink : public Sink {
 public:
  TellingSink(std::string name, Told& told, std::vector<Ticket>& tickets)
      : name_(std::move(name)), told_(told), tickets_(tickets) {}
  void deliver(Delivery delivery) override { tickets_.push_back(delivery.ticket); }
  void reconfigure(const SinkConfig& config) override {
    told_.push_back(name_ + " " + std::to_string(config.concurrency));
  }
  void shut_down() override { told_.push_back(name_ + " shut down"); }

 private:
  std::string name_;
  Told& told_;
  std::vector<Ticket>& tickets_;
};

class SinkRackTest : public ::testing::Test {
 public:
  SinkRackTest() {
    world_.hold_all();
    rack_.look_again(world_.relay->running());
    world_.relay->on_change = [this] { rack_.look_again(world_.relay->running()); };
  }
  void reconfigure(const Config& config) {
    const std::vector<QueueId> ids = {1, 2};
    ASSERT_EQ(world_.relay->reconfigure(config, ids), "");
  }
  // All queues drain into a sink of that name.
  static Config into(const std::string& name) {
    Config config = two_queues();
    config.sinks[name] = config.sinks.extract("s").mapped();
    config.sinks[name].name = name;
    for (auto& [queue, settings] : config.queues) settings.sink = name;
    return config;
  }
  void answer(size_t place) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::delivered;
    world_.relay->dispatcher().on_outcome(tickets_.at(place), outcome);
  }

  Told told_;
  std::vector<Ticket> tickets_;
  DeskWorld world_{two_queues()};
  SinkRack rack_{world_.relay->core(), world_.relay->dispatcher(), [this](const SinkConfig& config) {
                   told_.push_back(config.name + " made");
                   return std::make_unique<TellingSink>(config.name, told_, tickets_);
                 }};
};

TEST_F(SinkRackTest, WhatStaysIsToldOfItsSettings) {
  Config config = two_queues();
  config.sinks["s"].concurrency = 5;
  reconfigure(config);
  rack_.sweep();
  EXPECT_EQ(told_, (Told{"s made", "s 5"}));
}

TEST_F(SinkRackTest, APinReachesTheSink) {
  world_.change([&](uint64_t t, PublishListener& l) {
    return world_.relay->admin().pin_limits("s", R"({"concurrency": 9})", t, l);
  });
  EXPECT_EQ(told_, (Told{"s made", "s 9"}));
}

TEST_F(SinkRackTest, WhatIsGoneEndsItsAttemptsFirst) {
  world_.accept();
  world_.turn();
  ASSERT_EQ(tickets_.size(), 1u);
  reconfigure(into("t"));
  rack_.sweep();
  EXPECT_EQ(told_, (Told{"s made", "t made"}));
  world_.accept();
  world_.turn();
  EXPECT_EQ(tickets_.size(), 2u) << "the new one is served meanwhile";
  answer(0);
  rack_.sweep();
  rack_.sweep();
  EXPECT_EQ(told_, (Told{"s made", "t made", "s shut down"}));
  answer(1);
}

TEST_F(SinkRackTest, WhatComesBackInTimeStays) {
  world_.accept();
  world_.turn();
  reconfigure(into("t"));
  reconfigure(two_queues());
  rack_.sweep();
  answer(0);
  rack_.sweep();
  EXPECT_EQ(told_, (Told{"s made", "t made", "s 64", "t shut down"}));
}

TEST_F(SinkRackTest, WhatComesBackLaterIsMadeAnew) {
  reconfigure(into("t"));
  rack_.sweep();
  reconfigure(two_queues());
  rack_.sweep();
  world_.accept();
  world_.turn();
  EXPECT_EQ(tickets_.size(), 1u);
  EXPECT_EQ(told_, (Told{"s made", "t made", "s shut down", "s made", "t shut down"}));
  rack_.shut_down();
  EXPECT_EQ(told_.back(), "s shut down");
}

}  // namespace
}  // namespace forebay
