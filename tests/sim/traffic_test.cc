// Rhythms, stamps and traces, each at what it promises.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "sim/trace.h"
#include "tests/sim/plain_world.h"

namespace forebay::sim {
namespace {

std::vector<Duration> all(Rhythm& rhythm, uint64_t seed = 5) {
  Random random(seed);
  std::vector<Duration> times;
  while (const auto at = rhythm.next(random)) times.push_back(*at);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  return times;
}

TEST(Rhythms, steady_does_not_drift) {
  Steady steady(300, Duration::seconds(1), Duration::seconds(5), Duration::seconds(1'000));
  const auto times = all(steady);
  ASSERT_EQ(times.size(), 300'000u);
  EXPECT_EQ(times.front(), Duration::seconds(5));
  EXPECT_EQ(times[299'700], Duration::seconds(1'004));
}

TEST(Rhythms, poisson_has_its_mean) {
  Poisson poisson(100, Duration{}, Duration::seconds(1'000));
  EXPECT_NEAR(static_cast<double>(all(poisson).size()), 100'000, 1'300);  // four deviations
}

TEST(Rhythms, bursts_come_again) {
  Burst burst(3, Duration::seconds(1), Duration::minutes(1), Duration::minutes(2));
  const auto times = all(burst);
  ASSERT_EQ(times.size(), 6u);
  EXPECT_EQ(times[2], Duration::seconds(1));
  EXPECT_EQ(times[3], Duration::seconds(61));
}

// 0 to 10/s in 10 s are 50 messages, the k-th (from 1) at sqrt(2 k) s.
TEST(Rhythms, a_ramp_follows_its_integral) {
  Ramp ramp({{Duration{}, 0}, {Duration::seconds(10), 10}}, false, Duration{}, Duration{});
  const auto times = all(ramp);
  ASSERT_EQ(times.size(), 50u);
  EXPECT_NEAR(times[0].as_seconds(), 1.41421356, 1e-8);
  EXPECT_NEAR(times[49].as_seconds(), 10, 1e-8);
}

TEST(Rhythms, a_day_comes_again_and_has_its_mean) {
  Ramp days(Ramp::daily(1, 0.8), true, Duration::days(1), Duration::days(3));
  EXPECT_NEAR(static_cast<double>(all(days).size()), 3 * 86'400, 2'100);
}

TEST(Stamps, a_hot_key_has_its_share_and_fresh_ones_never_come_again) {
  Stamp stamp;
  stamp.keys = {KeyModel::Kind::hot, 100, 0.75};
  Random random(3);
  int hot = 0;
  for (int i = 0; i < 10'000; ++i) hot += stamp.next(random).key == Stamp::key_of(1, 0);
  EXPECT_NEAR(hot, 7'500, 180);
  stamp.keys.kind = KeyModel::Kind::fresh;
  std::set<KeyHash> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(stamp.next(random).key);
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST(Producers, heed_retry_after_or_not_and_give_up) {
  const Arrival fresh{}, tired{{}, {}, 2};
  Traffic heeds = traffic(std::make_unique<Steady>(1, Duration::seconds(1), Duration{}, Duration::seconds(1)), {}, {2});
  EXPECT_EQ(heeds.refused(fresh, Duration::seconds(10), Duration::seconds(7)), Duration::seconds(17));
  EXPECT_EQ(heeds.refused(tired, Duration::seconds(10), Duration::seconds(7)), std::nullopt);
  Traffic rude = traffic(std::make_unique<Steady>(1, Duration::seconds(1), Duration{}, Duration::seconds(1)), {},
                         {2, Duration::milliseconds(200), false});
  EXPECT_EQ(rude.refused(fresh, Duration::seconds(10), Duration::seconds(7)), Duration::milliseconds(10'200));
}

std::string only_q(std::string_view queue, std::string_view, std::string_view key, AdmitRequest* request) {
  request->queue = 1;
  request->key = key.size();
  return queue == "q" ? "" : "no queue \"" + std::string(queue) + "\"";
}

TEST(Traces, are_read_line_by_line) {
  std::istringstream in("time,queue,class,key,cost\n100.25,q,,\"a,\"\"b\"\"\",2\n101,q\r\n\n");
  Trace trace(in, only_q, 300);
  const auto first = trace.next(), second = trace.next();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->at, Duration::milliseconds(100'250));
  EXPECT_EQ(first->request.cost, 2u);
  EXPECT_EQ(first->request.key, 5u);
  EXPECT_EQ(second->at, Duration::seconds(101));
  EXPECT_EQ(second->request.key, 0u);
  EXPECT_FALSE(trace.next());
  EXPECT_EQ(trace.error(), "");
  EXPECT_EQ(trace.starts(), std::nullopt);
}

TEST(Traces, begin_at_their_first_moment) {
  for (const char* text : {"2026-03-01T09:00:00+01:00,q\n2026-03-01T08:00:01.5Z,q\n", "1772352000,q\n1772352001.5,q\n",
                           "1772352000,q\n2026-03-01T08:00:01.5Z,q\n"}) {
    std::istringstream in(text);
    Trace trace(in, only_q, 300);
    ASSERT_TRUE(trace.next());
    EXPECT_EQ(trace.starts(), WallTime::from_ms(1'772'352'000'000));
    const auto second = trace.next();
    ASSERT_TRUE(second) << trace.error();
    EXPECT_EQ(second->at, Duration::milliseconds(1'500));
  }
}

TEST(Traces, say_what_is_wrong_and_where) {
  for (const auto& [text, what] :
       {std::pair("1,x\n", "line 1: no queue \"x\""),
        {"1,q\n0,q\n", "line 2: its time is before that of the line above; sort the trace by time"},
        {"time,queue\nsoon,q\n", "line 2: the time is neither a number of seconds nor RFC 3339 (2026-03-01T08:00:00Z)"},
        {"-1,q\n", "line 1: the time is neither a number of seconds nor RFC 3339 (2026-03-01T08:00:00Z)"},
        {"1,q\n2026-03-01T08:00:00Z,q\n",
         "line 2: its time is a moment, and the lines above have seconds from the start"},
        {"2026-03-01T08:00:00Z,q\n1,q\n",
         "line 2: its time is seconds from the start, and the lines above have moments"},
        {"1\n", "line 1: it names no queue in its second column"},
        {"1,q,,\"k,1\n", "line 1: a quoted cell does not end with a quote and a comma"},
        {"1,q,,\"k\"x,1\n", "line 1: a quoted cell does not end with a quote and a comma"},
        {"1,q,,,1,\n", "line 1: it has more than five columns: time,queue,class,key,cost"},
        {"1,q,,,x\n", "line 1: the cost is not a whole number above 0"},
        {"1,q,,,0\n", "line 1: the cost is not a whole number above 0"}}) {
    std::istringstream in(text);
    Trace trace(in, only_q, 300);
    while (trace.next()) continue;
    EXPECT_EQ(trace.error(), what);
  }
}

}  // namespace
}  // namespace forebay::sim
