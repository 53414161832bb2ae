// Keys: fairness among them, their limits, strict order, and newer messages that replace older ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "relay/key_hash.h"
#include "tests/relay/keyed_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;
constexpr Duration second = Duration::seconds(1);

size_t place(const CoreWorld& world, Sequence sequence) {
  const auto found = std::find_if(world.sent.begin(), world.sent.end(),
                                  [&](const auto& sent) { return sent.second.sequence == sequence; });
  return static_cast<size_t>(found - world.sent.begin());
}

TEST(CoreFlows, a_hot_key_delays_another_by_one_turn_at_most) {
  CoreWorld world(keyed());
  for (int i = 0; i < 100'000; ++i) accept(world, 7);
  run(world, second);
  const size_t sent = world.sent.size();
  ASSERT_GE(sent, 100u);
  const Sequence other = accept(world, 8);
  run(world, second);
  EXPECT_LE(place(world, other), sent + 1);
}

TEST(CoreFlows, keys_take_turns_by_weight_and_cost) {
  Config config = keyed();
  config.queues["q"].weights = {{"heavy", 3}};
  CoreWorld world(config);
  const KeyHash heavy = key_hash("heavy", key_seed(world.backlog.id_key()));
  std::map<Sequence, KeyHash> key_of;
  for (int i = 0; i < 300; ++i) {
    key_of[accept(world, heavy)] = heavy;
    key_of[accept(world, 2)] = 2;
    key_of[accept(world, 3, 2)] = 3;
  }
  run(world, second * 3);
  std::map<KeyHash, double> cost;
  for (const auto& [at, send] : world.sent) cost[key_of[send.sequence]] += key_of[send.sequence] == 3 ? 2 : 1;
  EXPECT_NEAR(cost[heavy] / cost[2], 3, 0.1);
  EXPECT_NEAR(cost[3] / cost[2], 1, 0.1);
}

TEST(CoreFlows, those_without_a_key_are_one_among_the_keys) {
  CoreWorld world(keyed());
  std::set<Sequence> plain;
  for (int i = 0; i < 100; ++i) {
    plain.insert(accept(world, 0));
    accept(world, 5);
  }
  run(world, second - Duration::milliseconds(5));
  const auto sent = std::count_if(world.sent.begin(), world.sent.end(),
                                  [&](const auto& s) { return plain.contains(s.second.sequence); });
  EXPECT_NEAR(static_cast<double>(sent), 50, 1);
}

TEST(CoreFlows, above_max_flows_keys_share_a_place_and_never_a_limit) {
  Config config = keyed();
  config.queues["q"].max_flows = 2;
  config.queues["q"].key_limits = {window(1, Duration::minutes(1), "key:1/1m")};
  CoreWorld world(config);
  for (int round = 0; round < 2; ++round) {
    for (KeyHash key = 1; key <= 6; ++key) accept(world, key);
  }
  run(world, second);
  EXPECT_EQ(world.sent.size(), 6u) << "one of each key";
  run(world, Duration::minutes(2));
  EXPECT_EQ(world.sent.size(), 12u);
  EXPECT_EQ(world.queue().flows->size(), 0u) << "none waits";
}

TEST(CoreFlows, a_key_limit_parks_the_key_and_says_until_when) {
  Config config = keyed();
  config.queues["q"].key_limits = {window(2, Duration::minutes(1), "key:2/1m"),
                                   window(3, Duration::hours(1), "key:3/1h")};
  CoreWorld world(config);
  for (int i = 0; i < 5; ++i) accept(world, 7);
  const Instant start = world.now.steady;
  const Sequence other = accept(world, 8);
  run(world, second);
  EXPECT_EQ(world.sent.size(), 3u);
  EXPECT_LE(place(world, other), 1u);
  const Explanation why = world.core->explain(3, world.now);
  EXPECT_STREQ(why.kind, "key_limit");
  EXPECT_EQ(why.name, "key:2/1m");
  ASSERT_TRUE(why.until);
  EXPECT_NEAR((*why.until - world.core->time().wall(start)).as_seconds(), 60.0, 0.1);
  ASSERT_TRUE(why.estimated);
  EXPECT_GE(*why.estimated, *why.until - Duration::milliseconds(2));
  EXPECT_EQ(world.queue().parked_flows, 1u);
  run(world, Duration::minutes(2));
  EXPECT_EQ(world.sent.size(), 4u);
  run(world, Duration::hours(2));
  EXPECT_EQ(world.sent.size(), 6u);
}

TEST(CoreFlows, a_key_whose_permits_are_all_in_flight_goes_on_when_one_settles) {
  Config config = keyed();
  config.queues["q"].key_limits = {window(1, Duration::milliseconds(10), "k")};
  CoreWorld world(config);
  accept(world, 7), accept(world, 7);
  const Send first = world.tick().at(0);
  world.advance(second);
  EXPECT_TRUE(world.tick().empty());
  EXPECT_EQ(world.queue().stuck_flows, 1u);
  world.core->settled(first.ticket, CoreWorld::delivered(), world.now);
  world.tick();
  world.advance(Duration::milliseconds(20));
  EXPECT_EQ(world.tick().size(), 1u);
}

TEST(CoreFlows, a_sink_bounds_a_key_over_all_its_queues) {
  Config config = keyed();
  config.sinks["s"].key_limits = {window(1, Duration::minutes(1), "key:1/1m")};
  config.queues["r"] = config.queues["q"];
  config.queues["r"].name = "r";
  CoreWorld world(config);
  AdmitRequest request;
  request.key = 7;
  for (request.queue = 1; request.queue <= 2; ++request.queue) world.accept(request);
  run(world, second);
  EXPECT_EQ(world.sent.size(), 1u);
  run(world, Duration::minutes(2));
  EXPECT_EQ(world.sent.size(), 2u);
}

TEST(CoreFlows, a_throttle_of_scope_key_closes_the_key_alone) {
  CoreWorld world(keyed());
  const Sequence first = accept(world, 7);
  Outcome throttled = CoreWorld::outcome(Kind::throttled, 429);
  throttled.throttle_key = true;
  throttled.retry_after = second * 30;
  world.core->settled(world.tick().at(0).ticket, throttled, world.now);
  const Sequence other = accept(world, 8);
  world.advance(second);
  EXPECT_EQ(world.tick().at(0).sequence, other);
  EXPECT_STREQ(world.core->explain(first, world.now).kind, "throttled");
  EXPECT_EQ(world.core->entry(first)->attempts, 0) << "no attempt is spent";
  EXPECT_EQ(world.core->lanes()[0]->state(world.now), LaneState::open);
  world.advance(second * 31);
  EXPECT_EQ(world.tick().at(0).sequence, first);
}

TEST(CoreFlows, a_paused_key_waits_until_it_is_resumed) {
  CoreWorld world(keyed());
  world.core->pause_key(1, 7, true);
  const Sequence held = accept(world, 7), other = accept(world, 8);
  run(world, Duration::hours(1));
  ASSERT_EQ(world.sent.size(), 1u);
  EXPECT_EQ(world.sent[0].second.sequence, other);
  EXPECT_STREQ(world.core->explain(held, world.now).kind, "paused");
  world.core->pause_key(1, 7, false);
  run(world, second);
  EXPECT_EQ(world.sent.size(), 2u);
}

// ---- strict order ----

TEST(CoreFlows, in_strict_order_a_key_waits_for_its_head) {
  CoreWorld world(strict());
  const Sequence first = accept(world, 7), behind = accept(world, 7), other = accept(world, 8);
  world.advance(second);
  std::vector<Send> sends = world.tick();
  world.advance(second);
  for (const Send& more : world.tick()) sends.push_back(more);
  ASSERT_EQ(sends.size(), 2u) << "one of each key";
  EXPECT_EQ(sends[0].sequence, first);
  EXPECT_EQ(sends[1].sequence, other);
  EXPECT_STREQ(world.core->explain(behind, world.now).kind, "order");
  world.core->settled(sends[0].ticket, CoreWorld::outcome(Kind::retry, 500), world.now);
  world.advance(second * 30);
  const auto again = world.tick();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].sequence, first) << "a retry is not overtaken";
  world.core->settled(again[0].ticket, CoreWorld::delivered(), world.now);
  world.advance(second);
  EXPECT_EQ(world.tick().at(0).sequence, behind);
}

TEST(CoreFlows, in_strict_order_a_delay_holds_those_behind_it_and_a_death_lets_them_go) {
  CoreWorld world(strict());
  AdmitRequest delayed;
  delayed.key = 7;
  delayed.delay = second * 10;
  const Sequence first = world.accept(delayed), second_one = accept(world, 7), third = accept(world, 7);
  run(world, second * 9);
  EXPECT_TRUE(world.sent.empty());
  world.advance(second * 2);
  const Send send = world.tick().at(0);
  EXPECT_EQ(send.sequence, first);
  world.core->settled(send.ticket, CoreWorld::outcome(Kind::dead, 400), world.now);
  ASSERT_TRUE(world.core->cancel(second_one, world.now));
  world.advance(second);
  EXPECT_EQ(world.tick().at(0).sequence, third);
}

TEST(CoreFlows, strict_order_survives_a_restart) {
  CoreWorld world(strict());
  std::vector<RecoveredMessage> messages(3);
  for (size_t i = 0; i < messages.size(); ++i) {
    messages[i].facts = {.sequence = i + 1, .queue = 1, .accepted_ms = world.now.wall.ms(), .bytes = 10, .key = 7};
  }
  messages[0].attempts = 1;
  messages[0].facts.due_ms = world.now.wall.ms() + 5000;
  world.backlog.next = 4;
  world.restart(messages);
  run(world, second * 4);
  EXPECT_TRUE(world.sent.empty());
  run(world, second * 4);
  ASSERT_EQ(world.sent.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(world.sent[i].second.sequence, i + 1);
}

// ---- supersede ----

TEST(CoreFlows, a_newer_message_replaces_an_undelivered_older_one) {
  Config config = keyed();
  config.queues["q"].supersede = true;
  CoreWorld world(config);
  world.core->pause_queue(1, true);
  AdmitRequest delayed;
  delayed.key = 7;
  delayed.delay = second;
  const Sequence first = world.accept(delayed);
  const Sequence newer = accept(world, 7), other = accept(world, 8);
  EXPECT_FALSE(world.core->is_waiting(first));
  EXPECT_EQ(world.queue().counters.superseded, 1u);
  EXPECT_EQ(world.core->finished(first, world.now)->how, Settlement::superseded);
  world.core->pause_queue(1, false);
  run(world, second);
  ASSERT_EQ(world.sent.size(), 2u);
  EXPECT_EQ(world.sent[0].second.sequence, newer);
  EXPECT_EQ(world.sent[1].second.sequence, other);
}

TEST(CoreFlows, what_is_under_way_is_replaced_when_it_comes_back) {
  Config config = keyed();
  config.queues["q"].supersede = true;
  CoreWorld world(config);
  const Sequence first = accept(world, 7);
  const Send send = world.tick().at(0);
  const Sequence newer = accept(world, 7);
  EXPECT_TRUE(world.core->is_waiting(first)) << "it may yet arrive";
  world.core->settled(send.ticket, CoreWorld::outcome(Kind::retry, 500), world.now);
  EXPECT_FALSE(world.core->is_waiting(first));
  run(world, second);
  ASSERT_EQ(world.sent.size(), 1u);
  EXPECT_EQ(world.sent[0].second.sequence, newer);
}

// ---- costs ----

TEST(CoreFlows, a_message_costs_of_the_limits_what_it_costs) {
  Config config = keyed();
  config.sinks["s"].pace_off = true;
  CoreWorld world(config);
  EXPECT_EQ(world.core->cost_max(1), 100u);
  for (int i = 0; i < 10; ++i) accept(world, 0, 30);
  run(world, second - Duration::milliseconds(1));
  EXPECT_EQ(world.sent.size(), 3u);
  run(world, second * 4);
  EXPECT_EQ(world.sent.size(), 10u);
}

TEST(CoreFlows, keys_and_costs_survive_a_restart) {
  Config config = keyed();
  config.sinks["s"].pace_off = true;
  CoreWorld world(config);
  std::vector<RecoveredMessage> messages;
  for (Sequence s = 1; s <= 20; ++s) {
    RecoveredMessage message;
    message.facts = {.sequence = s, .queue = 1, .accepted_ms = world.now.wall.ms(), .bytes = 10, .cost = 10};
    message.facts.key = s <= 19 ? 7 : 8;
    messages.push_back(message);
  }
  world.backlog.next = 21;
  world.restart(messages);
  world.advance(second * 2);  // what short windows hold after a start
  run(world, Duration::milliseconds(10));
  EXPECT_EQ(world.sent.size(), 10u) << "ten of ten fill 100";
  EXPECT_LE(place(world, 20), 1u) << "the other key had its turn";
  run(world, second * 3);
  EXPECT_EQ(world.queue().waiting(), 0u);
  EXPECT_EQ(world.queue().extra_cost, 0u);
}

TEST(CoreFlows, positions_in_rounds_are_exact) {
  CoreWorld world(keyed());
  world.core->pause_queue(1, true);
  std::map<Sequence, uint64_t> positions;
  for (int i = 0; i < 60; ++i) {
    AdmitRequest request;
    request.key = static_cast<KeyHash>(i % 7 < 4 ? 1 : i % 5 + 2);
    positions[std::get<Reservation>(world.admit(request)).facts.sequence] = 0;
    const Sequence s = world.core->next_sequence() - 1;
    MessageFacts facts = {.sequence = s, .queue = 1, .accepted_ms = world.now.wall.ms(), .bytes = 100};
    facts.key = request.key;
    world.core->durable(std::span(&facts, 1), world.now);
  }
  for (auto& [sequence, position] : positions) position = world.core->explain(sequence, world.now).position;
  world.core->pause_queue(1, false);
  run(world, second * 2);
  ASSERT_EQ(world.sent.size(), 60u);
  for (const auto& [sequence, position] : positions) {
    EXPECT_GE(position + 6, place(world, sequence)) << sequence;
    EXPECT_LE(position, place(world, sequence) + 6) << sequence << ": within the keys of one round";
  }
}

TEST(CoreFlows, a_key_that_is_gone_leaves_nothing_behind) {
  Config config = keyed();
  config.queues["q"].key_limits = {window(1, Duration::hours(1), "k")};
  CoreWorld world(config);
  std::vector<Sequence> parked;
  for (KeyHash key = 1; key <= 500; ++key) {
    accept(world, key);
    parked.push_back(accept(world, key));
  }
  run(world, second * 10);
  EXPECT_EQ(world.queue().parked_flows, 500u);
  for (const Sequence sequence : parked) ASSERT_TRUE(world.core->cancel(sequence, world.now));
  EXPECT_EQ(world.queue().parked_flows, 0u);
  EXPECT_EQ(world.queue().flows->size(), 0u);
}

}  // namespace
}  // namespace forebay
