#include "limiter/key_limits.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "generators.h"
#include "key_world.h"

namespace forebay {
namespace {

using Set = KeyWorld::Set;
constexpr Duration second = Duration::seconds(1), minute = Duration::minutes(1), hour = Duration::hours(1);
constexpr Duration day = Duration::days(1);
constexpr KeyHash key = 77;

const std::vector<Set>& sets() {
  static const std::vector<Set> all{
      {key_window(1, minute), key_window(5, hour), key_window(10, day)},
      {key_window(1, second)},
      {key_window(2, second), key_window(3, Duration::seconds(2))},
      {key_window(300, minute), key_window(40, second)},
      {key_window(7, day), key_window(3, Duration{1'234'567'891})},
      {key_window(1000, hour)},
  };
  return all;
}

KeyWorld draw_world(const Set& set) {
  uint64_t least = 1000;
  for (const LimitConfig& window : set) least = std::min(least, window.count);
  const auto keys = *rc::gen::element<uint32_t>(1, 3, 40);
  const auto cost_max = std::min(static_cast<uint32_t>(least), *rc::gen::element<uint32_t>(1, 1, 5));
  return {set, draw_ms(0, 20'000), keys, cost_max, draw_seed(), Instant{draw_start()}};
}

RC_GTEST_PROP(KeyLimits, EveryAnswerIsTheModelsAndNoWindowAnywhereHoldsMore, ()) {
  const Set set = *rc::gen::elementOf(sets());
  KeyWorld world = draw_world(set);
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 500; i++) world.step();
    if (*rc::gen::arbitrary<bool>()) world.restart();
  }
  RC_ASSERT(world.wrong() == 0u);
  RC_ASSERT(world.sent() > 0u);
  for (const LimitConfig& window : set) RC_ASSERT(world.worst(window.per) <= window.count);
  world.rest();
  RC_ASSERT(world.limits().keys() == 0u);
  RC_ASSERT(world.memory_used() == 0u);
}

// Sets whose longest window is the same: what a change needs to know is all there, however often N went down and up.
RC_GTEST_PROP(KeyLimits, AChangeForgetsNothingThatTheLongestWindowReaches, ()) {
  KeyWorld world = draw_world({key_window(10, minute), key_window(5, second)});
  for (int round = 0; round < 6; round++) {
    for (int i = 0; i < 200; i++) world.step();
    Set set{key_window(*rc::gen::element<uint64_t>(5, 6, 10, 400), minute)};
    if (*rc::gen::arbitrary<bool>()) set.push_back(key_window(5, draw_ms(1, 50'000)));
    world.reconfigure(set);
  }
  RC_ASSERT(world.wrong() == 0u);
  RC_ASSERT(world.worst(minute) <= 400u);
  world.rest();
  RC_ASSERT(world.limits().keys() == 0u);
}

RC_GTEST_PROP(KeyLimits, AfterAnyChangeTheNewWindowsHoldOnceTheirTimeHasPassed, ()) {
  KeyWorld world = draw_world(*rc::gen::elementOf(sets()));
  for (int i = 0; i < 300; i++) world.step();
  const Set set{key_window(5, Duration::seconds(3)), key_window(9, minute)};
  world.reconfigure(set);
  for (int i = 0; i < 300; i++) world.step();
  world.rest();
  RC_ASSERT(world.limits().keys() == 0u);
  world.forget_arrivals();
  for (int i = 0; i < 1000; i++) world.step();
  for (const LimitConfig& window : set) RC_ASSERT(world.worst(window.per) <= window.count);
}

struct Case {
  KeyMemory memory{1 << 20};
  KeyLimits limits;
  explicit Case(const Set& set, OnKeyOverflow on_overflow = OnKeyOverflow::hold, uint64_t bytes = 1 << 20)
      : memory{bytes}, limits(set, on_overflow, Duration::seconds(10), memory) {}

  void send(KeyHash k, Instant when, uint32_t cost = 1) {
    limits.take(k, at(when), cost);
    limits.settle(k, {when, cost}, at(when), SettledAs::ok);
  }
};

TEST(KeyLimits, AnEmptySetLetsEverythingThroughAndRemembersNothing) {
  Case c({});
  EXPECT_TRUE(c.limits.empty());
  EXPECT_EQ(c.limits.next(key, at(Instant{5}), 1000), Instant{5});
  c.send(key, Instant{5});
  EXPECT_EQ(c.limits.max_cost(), std::numeric_limits<uint32_t>::max());
  EXPECT_EQ(c.limits.keys(), 0u);
  EXPECT_EQ(c.limits.blocking(key, at(Instant{5}), 1), "");
  EXPECT_FALSE(c.limits.refuses(key));
  EXPECT_EQ(c.limits.estimate(key, at(Instant{5}), 9), Instant{5});
}

TEST(KeyLimits, NamesTheWindowThatIsLastToAgree) {
  Set set = sets()[0];
  set[1].name = "hourly";
  Case c(set);
  Instant when{0};
  EXPECT_EQ(c.limits.blocking(key, at(when), 1), "");
  for (const char* name : {"key:1/1m", "key:1/1m", "key:1/1m", "key:1/1m", "hourly", "key:1/1m", "key:1/1m", "key:1/1m",
                           "key:1/1m", "key:10/1d"}) {
    c.send(key, when);
    EXPECT_EQ(c.limits.blocking(key, at(when), 1), name);
    when = c.limits.next(key, at(when), 1);
  }
  EXPECT_EQ(c.limits.blocking(key + 1, at(when), 1), "");
}

TEST(KeyLimits, AWindowThatIsNotEnforcedBlocksNothing) {
  Set set{key_window(1, second), key_window(9, day)};
  set[0].enforce = false;
  Case c(set);
  c.send(key, Instant{0});
  EXPECT_EQ(c.limits.next(key, at(Instant{0}), 1), Instant{0});
  EXPECT_EQ(c.limits.max_cost(), 9u);
}

TEST(KeyLimits, ACostAboveTheLeastCountNeverComes) {
  Case c(sets()[2]);
  EXPECT_EQ(c.limits.max_cost(), 2u);
  EXPECT_TRUE(c.limits.next(key, at(Instant{0}), 3).is_never());
}

// The k-th further send, foretold, against sends played out with no round trip: exact.
RC_GTEST_PROP(KeyLimits, TheEstimateIsWhatHappens, ()) {
  Case c(*rc::gen::elementOf(std::vector<Set>(sets().begin(), sets().begin() + 4)));
  Instant when{draw_start()};
  const auto before = *rc::gen::inRange(0, 30);
  for (int i = 0; i < before; i++) {
    when = std::max(when + draw_ms(0, 3000), c.limits.next(key, at(when), 1));
    c.send(key, when);
  }
  const auto k = *rc::gen::inRange(1, 30);
  const Instant foretold = c.limits.estimate(key, at(when), static_cast<uint64_t>(k));
  for (int i = 1; i < k; i++) {
    when = c.limits.next(key, at(when), 1);
    c.send(key, when);
  }
  RC_ASSERT(c.limits.next(key, at(when), 1) == foretold);
}

TEST(KeyLimits, TheEstimateOfAMillionthSendIsRoundsAway) {
  Case c(sets()[0]);
  const Instant last = c.limits.estimate(key, at(Instant{0}), 1'000'000);
  EXPECT_GE(last - Instant{0}, day * 99'999);
  EXPECT_LE(last - Instant{0}, (day + Duration::seconds(18)) * 100'000);
  Case big({key_window(1'000'000'000, Duration::days(400))});
  EXPECT_TRUE(big.limits.estimate(key, at(Instant{0}), uint64_t{1} << 60).is_never());
}

// Above 4,096 places times become coarse: late by a two-thousandth of the window and its share, never early.
TEST(KeyLimits, ALargeCountIsKeptInGrainsRoundedLate) {
  const uint64_t count = 100'000;
  Case c({key_window(count, day), key_window(50, second)});
  Instant when{0};
  const Duration apart = day / static_cast<int64_t>(count + 1000);
  for (uint64_t i = 0; i < count; i++, when = when + apart) c.send(key, when);
  const Instant exact = Instant{0} + WindowLimit::hold_of(day);
  const Instant next = c.limits.next(key, at(when), 1);
  EXPECT_GE(next, exact);
  EXPECT_LE(next, exact + day / 1000);
  EXPECT_LE(c.limits.memory_bytes(), 60'000u);
}

TEST(KeyLimits, ACostOfHundredsOfMillionsIsCounted) {
  Case c({key_window(1'000'000'000, day)});
  for (int i = 0; i < 3; i++) c.send(key, Instant{i}, 333'000'000);
  EXPECT_EQ(c.limits.next(key, at(Instant{9}), 1'000'000), Instant{9});
  EXPECT_EQ(c.limits.next(key, at(Instant{9}), 1'000'001), Instant{0} + WindowLimit::hold_of(day));
}

// As many keys as there is memory for, each with a send settled a millisecond after the one before. What is left of the
// memory is too little for one key more, and goes.
uint64_t fill(Case* c) {
  KeyHash k = 1;
  for (Instant when{0}; c->limits.next(k, at(when), 1) <= when; when = when + Duration::milliseconds(1))
    c->send(k++, when);
  c->memory.bytes_max = c->memory.bytes_used;
  return k - 1;
}

TEST(KeyLimits, WhenMemoryIsFullAnUnknownKeyIsHeldUntilTheOldestHistoryAgesOut) {
  Case c({key_window(2, minute)}, OnKeyOverflow::hold, 256 << 10);
  const uint64_t keys = fill(&c);
  const Now now = at(Instant{0} + Duration::milliseconds(static_cast<int64_t>(keys)));
  EXPECT_GT(keys, 3000u);
  EXPECT_LE(c.memory.bytes_used, c.memory.bytes_max);
  const KeyHash unknown = 1'000'000;
  EXPECT_EQ(c.limits.blocking(unknown, now, 1), "key_memory");
  EXPECT_FALSE(c.limits.refuses(unknown));
  EXPECT_EQ(c.limits.next(1, now, 1), now.steady);  // a known one goes on
  const Now then = at(c.limits.next(unknown, now, 1));
  EXPECT_GE(then.steady, Instant{0} + minute);
  EXPECT_LE(then.steady, Instant{0} + minute + minute / 16);
  c.limits.age(then);
  EXPECT_EQ(c.limits.next(unknown, then, 1), then.steady);
  c.send(unknown, then.steady);
  EXPECT_LE(c.memory.bytes_used, c.memory.bytes_max);
}

TEST(KeyLimits, WhenMemoryIsFullAndSoConfiguredAnUnknownKeyIsRefusedAtTheDoor) {
  Case c({key_window(2, minute)}, OnKeyOverflow::refuse, 256 << 10);
  EXPECT_FALSE(c.limits.refuses(1'000'000));
  fill(&c);
  EXPECT_TRUE(c.limits.refuses(1'000'000));
  EXPECT_FALSE(c.limits.refuses(1));
}

// What cannot grow joins: places come home later, never sooner, and the newest is as exact as ever.
TEST(KeyLimits, WhenMemoryIsFullAKnownKeyKeepsItsBoundInTwoStamps) {
  Case c({key_window(1, second), key_window(5, minute)}, OnKeyOverflow::hold, 256 << 10);
  fill(&c);
  Instant when = Instant{0} + Duration::seconds(10);
  Downstream downstream;
  for (int i = 0; i < 30; i++) {
    const Instant next = c.limits.next(1, at(when), 1);
    EXPECT_GE(next, when);
    when = std::max(when, next);
    c.send(1, when);
    downstream.counts(when.ns, 1);
    EXPECT_LE(c.memory.bytes_used, c.memory.bytes_max);
  }
  EXPECT_LE(downstream.worst(minute), 5u);
  EXPECT_LE(downstream.worst(second), 1u);
}

TEST(KeyLimits, WhenMemoryIsFullTheNearestStampsAreJoined) {
  Case c({key_window(3, minute)}, OnKeyOverflow::hold, 256 << 10);
  fill(&c);
  const auto sends = [&](KeyHash k, std::initializer_list<int64_t> seconds) {
    for (const int64_t s : seconds) c.send(k, Instant{0} + second * s);
    return c.limits.next(k, at(Instant{0} + Duration::seconds(50)), 1) - WindowLimit::hold_of(minute);
  };
  EXPECT_EQ(sends(1, {30, 31}), Instant{0});              // 0 and 31
  EXPECT_EQ(sends(2, {2, 31}), Instant{0} + second * 2);  // 2 and 31
}

TEST(KeyLimits, OfARingThatMayNotGrowTheNearestStampsAreJoinedToo) {
  Case c({key_window(9, minute)});
  for (const int64_t s : {0, 10, 11, 30}) c.send(key, Instant{0} + second * s);
  c.memory.bytes_max = c.memory.bytes_used;
  c.send(key, Instant{0} + second * 50);
  std::vector<std::pair<Instant, uint32_t>> spends;
  c.limits.for_each_spend(at(Instant{0} + second * 50),
                          [&](KeyHash, Instant settled, uint32_t cost) { spends.emplace_back(settled, cost); });
  const auto then = [](int64_t s) { return Instant{0} + second * s; };
  EXPECT_EQ(spends,
            (std::vector<std::pair<Instant, uint32_t>>{{then(0), 1}, {then(11), 2}, {then(30), 1}, {then(50), 1}}));
}

TEST(KeyLimits, SpendsThatFoundNoMemoryAreNotForgottenWhenThereIsSome) {
  Case c({key_window(1, minute)}, OnKeyOverflow::hold, 256 << 10);
  const Now now = at(Instant{0} + hour);
  {
    KeyLimits other(Set{key_window(1, minute)}, OnKeyOverflow::hold, second, c.memory);
    for (KeyHash k = 1; other.next(k, now, 1) <= now.steady; k++) other.take(k, now, 1);
    c.limits.spent(key, now.steady - second, 1, now);
    EXPECT_EQ(c.limits.keys(), 0u);
  }
  EXPECT_LT(c.memory.bytes_used, 200u);
  EXPECT_EQ(c.limits.next(key, now, 1), now.steady - second + WindowLimit::hold_of(minute));
  EXPECT_EQ(c.limits.blocking(key, now, 1), "key_memory");
}

// Two sets of one send are asked before either takes.
TEST(KeyLimits, TwoSetsThatWereBothToldOfRoomBothGetIt) {
  Case c({key_window(2, minute)}, OnKeyOverflow::hold, 256 << 10);
  KeyLimits other(Set{key_window(2, minute)}, OnKeyOverflow::hold, second, c.memory);
  KeyHash k = 1;
  Instant when{0};
  for (; c.limits.next(k, at(when), 1) <= when && other.next(k, at(when), 1) <= when; k++) {
    c.limits.take(k, at(when), 1);
    other.take(k, at(when), 1);
    EXPECT_LE(c.memory.bytes_used, c.memory.bytes_max);
  }
  EXPECT_GT(k, 1500u);
}

TEST(KeyLimits, SpendsThatFindNoMemoryHoldAllUnknownKeysForTheirTime) {
  Case c({key_window(2, minute)}, OnKeyOverflow::hold, 256 << 10);
  const Now now = at(Instant{0} + hour);
  for (KeyHash k = 1; k <= 20'000; k++) c.limits.spent(k, now.steady - second, 1, now);
  EXPECT_LE(c.memory.bytes_used, c.memory.bytes_max);
  const Now freed = at(now.steady + Duration::seconds(59));
  EXPECT_GT(c.limits.next(30'000, freed, 1), freed.steady);
  Now later = at(now.steady + minute * 2);
  for (int i = 0; i < 4; i++) c.limits.age(later);
  EXPECT_EQ(c.limits.next(30'000, later, 1), later.steady);
}

TEST(KeyLimits, ASendFromBeforeThereWereWindowsLeavesItsStamp) {
  Case c({});
  c.limits.take(key, at(Instant{1}), 1);
  c.limits.reconfigure(Set{key_window(1, minute)}, OnKeyOverflow::hold, second, at(Instant{5}));
  EXPECT_EQ(c.limits.next(key, at(Instant{6}), 1), Instant{6});
  c.limits.settle(key, {Instant{1}, 1}, at(Instant{7}), SettledAs::ok);
  EXPECT_EQ(c.limits.next(key, at(Instant{8}), 1), Instant{7} + WindowLimit::hold_of(minute));
}

// N down to 1, a send of the old set settles when all that was settled before has aged out, N up again.
TEST(KeyLimits, WhatSettlesLongAfterAChangeIsStillOfTheSetThatItWasTakenIn) {
  Case c({key_window(3, minute)});
  for (int i = 0; i < 3; i++) c.limits.take(key, at(Instant{i}), 1);
  c.limits.reconfigure(Set{key_window(1, minute)}, OnKeyOverflow::hold, second, at(Instant{9}));
  const Instant late = Instant{0} + hour;
  for (int i = 0; i < 3; i++) c.limits.settle(key, {Instant{i}, 1}, at(late + Duration{i}), SettledAs::ok);
  c.limits.reconfigure(Set{key_window(3, minute)}, OnKeyOverflow::hold, second, at(late + second));
  EXPECT_EQ(c.limits.next(key, at(late + second), 1), late + WindowLimit::hold_of(minute));
}

TEST(KeyLimitsDeath, TakingWithoutAskingEndsTheProcess) {
  Case c({key_window(1, minute)});
  c.send(key, Instant{5});
  EXPECT_DEATH(c.limits.take(key, at(Instant{6}), 1), "ask");
}

TEST(KeyLimitsDeath, NoKeyEndsTheProcess) {
  Case c({key_window(1, minute)});
  EXPECT_DEATH(c.limits.take(0, at(Instant{6}), 1), "key");
}

}  // namespace
}  // namespace forebay
