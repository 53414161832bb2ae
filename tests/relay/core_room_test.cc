// What gives way when a queue is full.
#include <gtest/gtest.h>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

Config dropping(OnFull on_full, uint64_t max_messages = 3) {
  Config config = CoreWorld::simple();
  QueueConfig& queue = config.queues["q"];
  queue.on_full = on_full;
  queue.max_messages = max_messages;
  for (const char* name : {"otp", "marketing"}) queue.classes[name].name = name;
  queue.classes["otp"].priority = 0;
  queue.classes["marketing"].priority = 2;
  config.sinks["s"].concurrency = 1;
  return config;
}

AdmitRequest of_class(CoreWorld& world, const char* name, uint32_t bytes = 100) {
  AdmitRequest request;
  request.queue = 1;
  request.klass = *world.core->class_number(1, name);
  request.bytes = bytes;
  return request;
}

std::vector<Sequence> dropped(const CoreWorld& world) {
  std::vector<Sequence> out;
  for (const auto& change : world.backlog.changes) {
    if (change.what == "settle" && change.how == Settlement::dropped) out.push_back(change.sequence);
  }
  return out;
}

bool is_refused(CoreWorld& world, const AdmitRequest& request) {
  const auto result = world.admit(request);
  if (const auto* reservation = std::get_if<Reservation>(&result)) {
    world.core->withdrawn(std::span(&reservation->facts, 1));
    return false;
  }
  return true;
}

TEST(OnFullCore, TheOldestThatWaitsGivesWayWhateverItsClass) {
  CoreWorld world(dropping(OnFull::drop_oldest));
  const Sequence first = world.accept(of_class(world, "otp"));
  EXPECT_EQ(world.tick().size(), 1u);  // `first` is under way
  const Sequence second = world.accept(of_class(world, "otp")), third = world.accept(of_class(world, "marketing"));
  EXPECT_TRUE(dropped(world).empty());
  world.accept(of_class(world, "marketing"));
  EXPECT_EQ(dropped(world), std::vector{second});
  world.accept(of_class(world, "otp"));
  EXPECT_EQ(dropped(world), (std::vector{second, third}));
  EXPECT_TRUE(world.core->is_waiting(first));
  EXPECT_EQ(world.queue().waiting(), 3u);
  EXPECT_EQ(world.queue().counters.dropped, 2u);
}

TEST(OnFullCore, TheLowestGivesWayToWhatIsHigherAndToNothingElse) {
  CoreWorld world(dropping(OnFull::drop_lowest));
  world.accept(of_class(world, "otp"));
  const Sequence plain = world.accept(of_class(world, "default"));
  const Sequence low = world.accept(of_class(world, "marketing"));
  EXPECT_TRUE(is_refused(world, of_class(world, "marketing"))) << "like its own";
  world.accept(of_class(world, "default"));
  EXPECT_EQ(dropped(world), std::vector{low});
  EXPECT_TRUE(is_refused(world, of_class(world, "default")));
  world.accept(of_class(world, "otp"));
  EXPECT_EQ(dropped(world), (std::vector{low, plain}));
}

TEST(OnFullCore, WhatIsNotDurableInTheEndHasCostNothing) {
  CoreWorld world(dropping(OnFull::drop_oldest));
  for (int i = 0; i < 3; ++i) world.accept(of_class(world, "default"));
  std::vector<MessageFacts> admitted;
  for (int i = 0; i < 3; ++i) admitted.push_back(std::get<Reservation>(world.admit(of_class(world, "otp"))).facts);
  EXPECT_TRUE(is_refused(world, of_class(world, "otp"))) << "each has laid claim to one that waits";
  world.core->withdrawn(admitted);
  EXPECT_TRUE(dropped(world).empty());
  EXPECT_EQ(world.queue().waiting(), 3u);
}

TEST(OnFullCore, ByBytesAsManyGoAsItTakes) {
  Config config = dropping(OnFull::drop_oldest, 100);
  config.queues["q"].max_bytes = 1000;
  CoreWorld world(config);
  for (int i = 0; i < 10; ++i) world.accept(of_class(world, "default"));
  EXPECT_TRUE(is_refused(world, of_class(world, "default", 1001))) << "it never fits";
  const Sequence large = world.accept(of_class(world, "default", 450));
  EXPECT_EQ(dropped(world).size(), 5u);
  EXPECT_TRUE(world.core->is_waiting(large));
  EXPECT_LE(world.queue().bytes, 1000u);
}

}  // namespace
}  // namespace forebay
