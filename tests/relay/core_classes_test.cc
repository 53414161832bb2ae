// Classes, their floors, and the shares of queues: whose turn it is above the flows.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

LimitConfig window(uint64_t count, Duration per) {
  LimitConfig limit;
  limit.count = count;
  limit.per = per;
  return limit;
}

// 100/1s; classes otp (0), default (1), bulk (2, floor).
Config classed(double floor = 0) {
  Config config = CoreWorld::simple();
  config.sinks["s"].limits = {window(100, second)};
  config.sinks["s"].concurrency = 1000;
  config.queues["q"].classes["otp"] = {.name = "otp", .priority = 0};
  config.queues["q"].classes["bulk"] = {.name = "bulk", .priority = 2, .floor = floor};
  return config;
}

Sequence accept(CoreWorld& world, const char* klass, QueueId queue = 1) {
  AdmitRequest request;
  request.queue = queue;
  request.klass = *world.core->class_number(queue, klass);
  return world.accept(request);
}

// The classes of what is sent while everything is answered at once, a letter each.
std::string served(CoreWorld& world, Duration how_long) {
  std::string order;
  const auto answer = [](const Send&) { return CoreWorld::delivered(); };
  std::map<Sequence, char> letters;
  world.core->queues();
  const size_t before = world.sent.size();
  for (Sequence s = 1; s < world.core->next_sequence(); ++s) {
    if (const MessageEntry* entry = world.core->entry(s)) {
      letters[s] = world.queue().classes[entry->klass].config.name[0];
    }
  }
  world.run(world.now.steady + how_long, {}, answer);
  for (size_t i = before; i < world.sent.size(); ++i) order += letters.at(world.sent[i].second.sequence);
  return order;
}

TEST(CoreClasses, a_lower_priority_number_goes_first_whenever_it_came) {
  CoreWorld world(classed());
  for (int i = 0; i < 3; ++i) accept(world, "bulk");
  for (int i = 0; i < 3; ++i) accept(world, "default");
  for (int i = 0; i < 3; ++i) accept(world, "otp");
  EXPECT_EQ(served(world, second), "ooodddbbb");
}

TEST(CoreClasses, a_floor_is_served_once_in_so_many_sends_at_least) {
  CoreWorld world(classed(0.05));
  for (int i = 0; i < 300; ++i) accept(world, "otp");
  for (int i = 0; i < 50; ++i) accept(world, "bulk");
  const std::string order = served(world, second * 4);
  size_t last = 0, gap = 0;
  for (size_t i = 0; i < order.size() && i < 300; ++i) {
    if (order[i] != 'b') continue;
    gap = std::max(gap, i - last);
    last = i;
  }
  EXPECT_EQ(gap, 20u);
  EXPECT_EQ(std::count(order.begin(), order.begin() + 300, 'b'), 15);
}

TEST(CoreClasses, equals_take_turns) {
  Config config = classed();
  config.queues["q"].classes["bulk"].priority = 0;
  CoreWorld world(config);
  for (int i = 0; i < 3; ++i) accept(world, "otp");
  for (int i = 0; i < 3; ++i) accept(world, "bulk");
  const std::string order = served(world, second);
  EXPECT_TRUE(order == "obobob" || order == "bobobo") << order;
}

TEST(CoreClasses, a_class_has_its_own_ttl) {
  Config config = classed();
  config.queues["q"].classes["otp"].ttl = second;
  config.queues["q"].ttl = Duration::hours(1);
  CoreWorld world(config);
  world.core->pause_queue(1, true);
  const Sequence otp = accept(world, "otp"), other = accept(world, "default");
  world.advance(second * 2);
  world.tick();
  EXPECT_FALSE(world.core->is_waiting(otp));
  EXPECT_TRUE(world.core->is_waiting(other));
  EXPECT_EQ(world.queue().classes[*world.core->class_number(1, "otp")].counters.expired, 1u);
}

TEST(CoreClasses, a_paused_class_waits_and_says_so) {
  CoreWorld world(classed());
  const Sequence otp = accept(world, "otp");
  accept(world, "bulk");
  const uint8_t number = *world.core->class_number(1, "otp");
  world.core->pause_class(1, number, true);
  EXPECT_EQ(served(world, second), "b");
  EXPECT_STREQ(world.core->explain(otp, world.now).kind, "paused");
  EXPECT_EQ(world.core->explain(otp, world.now).name, "class otp");
  world.core->pause_class(1, number, false);
  EXPECT_EQ(served(world, second), "o");
}

TEST(CoreClasses, a_name_keeps_its_number_over_restarts_and_other_configs) {
  CoreWorld world(classed());
  const auto bulk = world.core->class_number(1, "bulk"), otp = world.core->class_number(1, "otp");
  EXPECT_NE(*bulk, *otp);
  EXPECT_EQ(*world.core->class_number(1, ""), 0);
  EXPECT_FALSE(world.core->class_number(1, "nonsense"));
  Config other = classed();
  other.queues["q"].classes["aaa"] = {.name = "aaa", .priority = 5};
  CoreWorld later(other);
  later.backlog.notes = world.backlog.notes;
  later.restart({});
  EXPECT_EQ(later.core->class_number(1, "bulk"), bulk);
  EXPECT_EQ(later.core->class_number(1, "otp"), otp);
  EXPECT_EQ(*later.core->class_number(1, "aaa"), 3);
}

TEST(CoreClasses, replayed_letters_never_go_before_what_is_live) {
  CoreWorld world(classed());
  const Sequence letter = accept(world, "otp");
  world.core->settled(world.tick().at(0).ticket, CoreWorld::outcome(Outcome::Kind::dead, 400), world.now);
  for (int i = 0; i < 3; ++i) accept(world, "bulk");
  ASSERT_TRUE(world.core->replay_dead_letter(letter, world.now));
  EXPECT_EQ(served(world, second), "bbbo");
}

// A reply takes as long as it likes; what counts is who is chosen.
TEST(CoreClasses, the_position_counts_what_goes_before) {
  CoreWorld world(classed());
  world.core->pause_queue(1, true);
  for (int i = 0; i < 10; ++i) accept(world, "bulk");
  for (int i = 0; i < 4; ++i) accept(world, "otp");
  AdmitRequest request;
  request.klass = *world.core->class_number(1, "default");
  EXPECT_EQ(std::get<Reservation>(world.admit(request)).position, 4u);
  request.klass = *world.core->class_number(1, "bulk");
  EXPECT_EQ(std::get<Reservation>(world.admit(request)).position, 14u + 1);  // one is reserved by now
}

// ---- shares ----

Config two_queues(double share) {
  Config config = CoreWorld::simple();
  config.sinks["s"].limits = {window(100, second)};
  config.sinks["s"].concurrency = 1000;
  config.queues["r"] = config.queues["q"];
  config.queues["r"].name = "r";
  config.queues["r"].share = share;
  return config;
}

size_t count_of(const CoreWorld& world, QueueId queue) {
  return static_cast<size_t>(std::count_if(world.sent.begin(), world.sent.end(),
                                           [&](const auto& sent) { return sent.second.queue == queue; }));
}

TEST(CoreShares, queues_divide_their_sink_by_share) {
  for (const double share : {1.0, 3.0, 0.25}) {
    CoreWorld world(two_queues(share));
    AdmitRequest request;
    for (int i = 0; i < 1000; ++i) {
      for (request.queue = 1; request.queue <= 2; ++request.queue) world.accept(request);
    }
    world.run(world.now.steady + second * 4 - Duration::milliseconds(1), {},
              [](const Send&) { return CoreWorld::delivered(); });
    const double all = static_cast<double>(world.sent.size());
    EXPECT_NEAR(static_cast<double>(count_of(world, 2)) / all, share / (1 + share), 0.01) << share;
  }
}

TEST(CoreShares, what_one_queue_does_not_use_the_other_gets) {
  CoreWorld world(two_queues(9));
  AdmitRequest request;
  request.queue = 1;
  for (int i = 0; i < 200; ++i) world.accept(request);
  world.run(world.now.steady + second * 3, {}, [](const Send&) { return CoreWorld::delivered(); });
  EXPECT_EQ(count_of(world, 1), 200u);
}

// ---- limits of a queue ----

// Sends what may go now.
void run_until_idle(CoreWorld& world) {
  world.run(world.now.steady + Duration::milliseconds(120), {}, [](const Send&) { return CoreWorld::delivered(); });
}

TEST(CoreShares, a_queue_may_have_limits_of_its_own) {
  Config config = two_queues(1);
  config.queues["r"].limits = {window(10, second)};
  CoreWorld world(config);
  AdmitRequest request;
  for (int i = 0; i < 400; ++i) {
    for (request.queue = 1; request.queue <= 2; ++request.queue) world.accept(request);
  }
  world.run(world.now.steady + second * 2 - Duration::milliseconds(1), {},
            [](const Send&) { return CoreWorld::delivered(); });
  EXPECT_EQ(count_of(world, 2), 20u);
  EXPECT_GE(world.sent.size(), 199u) << "the other has the rest";
  request.queue = 2;
  const Sequence last = world.accept(request);
  world.core->pause_queue(1, true);
  run_until_idle(world);
  const Explanation why = world.core->explain(last, world.now);
  EXPECT_STREQ(why.kind, "limit");
  EXPECT_EQ(why.name, "10/1s");
}

TEST(CoreShares, a_reserve_keeps_its_class_s_share_of_a_day_on_sinks_and_on_queues) {
  for (const bool on_queue : {false, true}) {
    Config config = classed();
    LimitConfig day;
    day.kind = LimitConfig::Kind::calendar;
    day.count = 10;
    day.reserve = {{"otp", 0.5}};
    (on_queue ? config.queues["q"].limits : config.sinks["s"].limits) = {day};
    CoreWorld world(config);
    for (int i = 0; i < 20; ++i) accept(world, "default");
    EXPECT_EQ(served(world, Duration::minutes(1)), "ddddd") << on_queue;
    const Sequence waits = accept(world, "default");
    EXPECT_STREQ(world.core->explain(waits, world.now).kind, "limit");
    EXPECT_EQ(world.core->explain(waits, world.now).name, "10/day");
    for (int i = 0; i < 20; ++i) accept(world, "otp");
    EXPECT_EQ(served(world, Duration::minutes(1)), "ooooo") << on_queue;
    EXPECT_EQ(served(world, Duration::days(1)).size(), 10u) << "the next day";
  }
}

// Permits that come home for a message that costs much are not given to cheap ones behind it.
TEST(CoreClasses, a_message_that_costs_much_is_not_starved_by_cheap_ones_behind_it) {
  Config config = classed();
  config.sinks["s"].limits = {window(10, second * 2)};
  CoreWorld world(config);
  for (int i = 0; i < 100; ++i) accept(world, "bulk");
  const auto answer = [](const Send&) { return CoreWorld::delivered(); };
  world.run(world.now.steady + second * 5, Duration::milliseconds(300), answer);
  AdmitRequest request;
  request.klass = *world.core->class_number(1, "otp");
  request.cost = 8;
  const Sequence dear = world.accept(request);
  const size_t before = world.sent.size();
  world.run(world.now.steady + second * 8, Duration::milliseconds(300), answer);
  EXPECT_EQ(world.sent.at(before).second.sequence, dear) << "nothing passes it";
}

TEST(CoreClasses, the_estimate_knows_what_is_kept_for_a_class) {
  Config config = classed();
  LimitConfig day;
  day.kind = LimitConfig::Kind::calendar;
  day.count = 10;
  day.reserve = {{"otp", 0.5}};
  config.sinks["s"].limits = {day};
  config.queues["q"].refuse_late = true;
  config.queues["q"].classes["otp"].ttl = Duration::minutes(5);
  CoreWorld world(config);
  for (int i = 0; i < 20; ++i) accept(world, "default");
  EXPECT_EQ(served(world, Duration::minutes(1)), "ddddd");
  AdmitRequest request;
  request.klass = *world.core->class_number(1, "otp");
  ASSERT_TRUE(std::holds_alternative<Reservation>(world.admit(request)));
  EXPECT_EQ(world.core->cost_max(1, 0), 5u);
  EXPECT_EQ(world.core->cost_max(1, request.klass), 10u);
}

}  // namespace
}  // namespace forebay
