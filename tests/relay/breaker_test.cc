#include "relay/breaker.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

// A breaker and the attempts of one sender, in seconds of virtual time.
struct Bench {
  explicit Bench(const BreakerConfig& config, uint32_t dead_storm = 0) : breaker(config, dead_storm) {}

  Now now() const { return {Instant{} + Duration::seconds(at), {}}; }
  bool may() const { return breaker.opens() <= now().steady; }
  // An attempt that begins and ends now. True: the breaker closed.
  bool attempt(Kind kind) {
    EXPECT_TRUE(may());
    const bool probe = breaker.sent();
    return end(kind, probe, now().steady);
  }
  bool end(Kind kind, bool probe, Instant began) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.reason = "because";
    return breaker.ended(outcome, probe, kind == Kind::dead, began, now());
  }
  void fail(int times) {
    for (int i = 0; i < times; i++) attempt(i % 2 == 0 ? Kind::retry : Kind::unanswered);
  }

  Breaker breaker;
  int64_t at = 100;
};

BreakerConfig by(uint32_t failures, uint32_t probes = 1) {
  BreakerConfig config;
  config.failures = failures;
  config.probes = probes;
  return config;
}

TEST(Breaker, FailuresInARowOpenIt) {
  Bench bench(by(5));
  bench.fail(4);
  EXPECT_FALSE(bench.breaker.open());
  bench.fail(1);
  EXPECT_TRUE(bench.breaker.open());
  EXPECT_EQ(bench.breaker.reason(), "5 failures in a row, last: because");
  EXPECT_EQ(bench.breaker.opens(), bench.now().steady + Duration::seconds(1));
}

TEST(Breaker, ASignOfLifeBetweenThemDoesNot) {
  for (const Kind life : {Kind::delivered, Kind::dead, Kind::throttled}) {
    Bench bench(by(5));
    for (int i = 0; i < 10; i++) bench.fail(4), bench.attempt(life);
    EXPECT_FALSE(bench.breaker.open());
  }
}

TEST(Breaker, NoCountNeverOpensByCount) {
  Bench bench(by(0));
  bench.fail(1000);
  EXPECT_FALSE(bench.breaker.open());
  bench.attempt(Kind::sink_fault);
  EXPECT_TRUE(bench.breaker.open());
  EXPECT_EQ(bench.breaker.reason(), "sink_fault: because");
}

TEST(Breaker, ADeadStormOpensItAndOnlyADeliveryBreaksTheRow) {
  Bench bench(by(50), 3);
  bench.attempt(Kind::dead), bench.attempt(Kind::dead), bench.attempt(Kind::delivered);
  bench.attempt(Kind::dead), bench.attempt(Kind::dead), bench.attempt(Kind::retry);
  EXPECT_FALSE(bench.breaker.open());
  bench.attempt(Kind::dead);
  EXPECT_TRUE(bench.breaker.open());
  EXPECT_EQ(bench.breaker.reason(), "dead_storm: because");
  bench.at += 1;
  EXPECT_FALSE(bench.attempt(Kind::dead)) << "the next one that dies is no good probe";
  EXPECT_EQ(bench.breaker.opens(), bench.now().steady + Duration::seconds(2));
}

TEST(Breaker, OneProbeAtATime) {
  Bench bench(by(1));
  bench.fail(1);
  EXPECT_FALSE(bench.may());
  bench.at += 1;
  ASSERT_TRUE(bench.may());
  EXPECT_TRUE(bench.breaker.sent());
  EXPECT_TRUE(bench.breaker.opens().is_never());
  EXPECT_TRUE(bench.end(Kind::delivered, true, bench.now().steady));
  EXPECT_FALSE(bench.breaker.open());
  EXPECT_FALSE(bench.breaker.sent());
}

TEST(Breaker, BadProbesDoubleTheWaitUpToItsMost) {
  Bench bench(by(3));
  bench.fail(3);
  for (const int64_t wait : {1, 2, 4, 8, 16, 30, 30}) {
    EXPECT_EQ(bench.breaker.opens(), bench.now().steady + Duration::seconds(wait));
    bench.at += wait;
    bench.attempt(Kind::unanswered);
  }
  bench.at += 30;
  EXPECT_TRUE(bench.attempt(Kind::delivered));
  bench.fail(2);
  EXPECT_FALSE(bench.breaker.open()) << "the row begins anew";
  bench.fail(1);
  EXPECT_EQ(bench.breaker.opens(), bench.now().steady + Duration::seconds(1)) << "and so does the wait";
}

TEST(Breaker, AsManyGoodProbesAsConfiguredInARowCloseIt) {
  Bench bench(by(1, 3));
  bench.fail(1);
  bench.at += 1;
  EXPECT_FALSE(bench.attempt(Kind::delivered));
  EXPECT_FALSE(bench.attempt(Kind::delivered));
  bench.attempt(Kind::retry);
  bench.at += 2;
  EXPECT_FALSE(bench.attempt(Kind::delivered));
  EXPECT_FALSE(bench.attempt(Kind::delivered));
  EXPECT_TRUE(bench.attempt(Kind::delivered));
}

TEST(Breaker, AThrottledProbeSaysNeither) {
  Bench bench(by(1));
  bench.fail(1);
  bench.at += 1;
  EXPECT_FALSE(bench.attempt(Kind::throttled));
  EXPECT_TRUE(bench.breaker.open());
  EXPECT_TRUE(bench.may());
}

TEST(Breaker, AProbeThatDiesIsAnAnswerWhereFailuresHadOpenedIt) {
  Bench bench(by(1), 20);
  bench.fail(1);
  bench.at += 1;
  EXPECT_TRUE(bench.attempt(Kind::dead));
  Bench fault(by(50), 20);
  fault.attempt(Kind::sink_fault);
  fault.at += 1;
  EXPECT_FALSE(fault.attempt(Kind::dead));
  EXPECT_EQ(fault.breaker.reason(), "sink_fault: because");
}

TEST(Breaker, WhatWasUnderWayWhenItOpenedIsNoNews) {
  Bench bench(by(2));
  const Instant before = bench.now().steady;
  bench.at += 1;
  bench.fail(2);
  for (const Kind kind : {Kind::sink_fault, Kind::retry, Kind::delivered}) EXPECT_FALSE(bench.end(kind, false, before));
  EXPECT_EQ(bench.breaker.opens(), bench.now().steady + Duration::seconds(1));
  bench.at += 1;
  EXPECT_TRUE(bench.attempt(Kind::delivered));
  for (int i = 0; i < 10; i++) bench.end(Kind::unanswered, false, before);
  bench.end(Kind::sink_fault, false, before);
  EXPECT_FALSE(bench.breaker.open());
}

TEST(Breaker, AProbeThatNeverWasIsFollowedByAnotherAtOnce) {
  Bench bench(by(1));
  bench.fail(1);
  bench.at += 1;
  bench.breaker.withdrawn(bench.breaker.sent());
  EXPECT_TRUE(bench.may());
  EXPECT_TRUE(bench.breaker.open());
}

TEST(Breaker, AReloadKeepsItsState) {
  Bench bench(by(1));
  bench.fail(1);
  bench.breaker.reconfigure(by(5, 2), 0);
  EXPECT_TRUE(bench.breaker.open());
  bench.at += 1;
  EXPECT_FALSE(bench.attempt(Kind::delivered));
  EXPECT_TRUE(bench.attempt(Kind::delivered));
}

// Whatever comes: while open at most one attempt is out that began since, and the waits stay within their bounds.
RC_GTEST_PROP(Breaker, NeverLetsASecondProbeOut, ()) {
  Bench bench(by(*rc::gen::inRange(0u, 5u), *rc::gen::inRange(1u, 4u)), *rc::gen::inRange(0u, 5u));
  Random random(*rc::gen::noShrink(rc::gen::arbitrary<uint64_t>()));
  std::vector<std::pair<bool, Instant>> out;
  for (int i = 0; i < 3000; i++) {
    bench.at += static_cast<int64_t>(random.below(3));
    if (random.below(2) == 0 && bench.may()) {
      const bool probe = bench.breaker.sent();
      RC_ASSERT(probe == bench.breaker.open());
      out.push_back({probe, bench.now().steady});
    }
    const auto probes = std::count_if(out.begin(), out.end(), [](const auto& o) { return o.first; });
    RC_ASSERT(probes <= 1);
    if (probes == 1) RC_ASSERT(!bench.may());
    if (out.empty() || random.below(2) == 0) continue;
    const size_t which = random.below(out.size());
    const auto [probe, began] = out[which];
    out.erase(out.begin() + static_cast<ptrdiff_t>(which));
    const bool was_open = bench.breaker.open();
    const bool closed = bench.end(static_cast<Kind>(random.below(6)), probe, began);
    RC_ASSERT(closed == (was_open && !bench.breaker.open()) && (!closed || probe));
    if (!bench.breaker.open() || bench.breaker.opens().is_never()) continue;
    RC_ASSERT(bench.breaker.opens() <= bench.now().steady + Duration::seconds(30));
  }
}

}  // namespace
}  // namespace forebay
