// plan(): closed forms that the core must follow, to the nanosecond where there is one.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "base/rfc3339.h"
#include "sim/plan/needed.h"
#include "tests/sim/plain_world.h"

namespace forebay::sim {
namespace {

constexpr Duration rtt = Duration::milliseconds(20);
constexpr Duration second = Duration::seconds(1);

PlanInput burst(uint64_t count, const Config& config, const std::string& klass = "", uint64_t keys = 0) {
  PlanInput input;
  EXPECT_EQ(read_burst({"q", klass, count, keys}, config, &input), "");
  input.starts = *parse_rfc3339("2026-03-01T06:00:00Z");
  return input;
}

Config limited(LimitConfig limit) {
  Config config = plain_config();
  config.path = "a.yaml";
  config.sinks["s"].limits = {limit};
  return config;
}

Duration held(const QueuePlan& plan, const std::string& limit) {
  for (const Binding& binding : plan.bindings) {
    if (binding.limit == limit) return binding.held;
  }
  return {};
}

TEST(Plan, a_burst_drains_along_its_line) {
  const Config config = limited(bucket(100, second));
  uint64_t told = 0;
  const PlanResult result = plan(config, burst(10'001, config), [&](uint64_t through) { told = through; });
  ASSERT_EQ(result.error, "");
  const QueuePlan& q = result.queues.at("q");
  // The k-th, from 0, waits k/100 s and a round trip.
  EXPECT_EQ(q.drains, Duration::seconds(100) + rtt);
  EXPECT_EQ(q.delay.p50, Duration::seconds(50) + rtt);
  EXPECT_EQ(q.delay.p99, Duration::milliseconds(99'000) + rtt);
  EXPECT_EQ(q.delay.longest, Duration::seconds(100) + rtt);
  EXPECT_EQ(q.delivered, 10'001u);
  EXPECT_EQ(q.expired + q.dead + q.gone + q.refused + q.waiting, 0u);
  EXPECT_EQ(q.peak_messages, 10'001u);
  EXPECT_EQ(q.peak_bytes, 10'001u * 300);
  ASSERT_EQ(q.bindings.size(), 1u);
  EXPECT_EQ(q.bindings[0].limit, "100/1s burst 1");
  EXPECT_EQ(q.bindings[0].held, Duration::seconds(100));
  EXPECT_EQ(q.bindings[0].to, Duration::seconds(100));
  EXPECT_EQ(result.lasted, q.drains);
  EXPECT_EQ(told, 8'192u);
  EXPECT_EQ(result.events, 4 * 10'001u);  // admit, durable, send, settled
}

TEST(Plan, a_class_in_front_waits_for_its_own_only) {
  Config config = limited(bucket(10, second));
  config.queues["q"].classes["otp"] = {"otp", 0};
  config.queues["q"].classes["ads"] = {"ads", 2};
  PlanInput input = burst(20, config, "ads");
  ASSERT_EQ(read_burst({"q", "otp", 10, 0}, config, &input), "");
  const QueuePlan q = plan(config, input).queues.at("q");
  EXPECT_EQ(q.classes.at("otp").delay.longest, Duration::milliseconds(900) + rtt);
  EXPECT_EQ(q.classes.at("otp").drains, Duration::milliseconds(900) + rtt);
  EXPECT_EQ(q.classes.at("ads").delay.p50, Duration::milliseconds(1'900) + rtt);
  EXPECT_EQ(q.classes.at("ads").delay.longest, Duration::milliseconds(2'900) + rtt);
  EXPECT_EQ(q.classes.size(), 2u);
  EXPECT_EQ(q.delivered, 30u);
}

// 50 of 60 go today, in 490 ms; the rest waits for midnight and the guard of 2 s behind it.
TEST(Plan, a_quota_runs_out) {
  Config config = limited(bucket(100, second));
  LimitConfig day;
  day.kind = LimitConfig::Kind::calendar;
  day.count = 50;
  config.sinks["s"].limits.push_back(day);
  PlanInput input = burst(60, config);
  input.starts = *parse_rfc3339("2026-03-01T23:59:00Z");
  const PlanResult result = plan(config, input);
  ASSERT_EQ(result.quotas.size(), 1u);
  EXPECT_EQ(result.quotas[0].limit, "50/day");
  EXPECT_EQ(result.quotas[0].of, "sink s");
  ASSERT_EQ(result.quotas[0].out.size(), 1u);
  EXPECT_EQ(result.quotas[0].out[0].at, Duration::milliseconds(490));
  EXPECT_EQ(result.quotas[0].out[0].until, Duration::seconds(62));
  EXPECT_EQ(result.queues.at("q").drains, Duration::milliseconds(62'090) + rtt);
  input.arrivals.resize(50);
  EXPECT_TRUE(plan(config, input).quotas[0].out.empty());
}

// A long window's pace goes by its name; only when nothing is left of it has it run out.
TEST(Plan, a_long_window_runs_out_and_its_pace_does_not) {
  Config config = limited(window(600, Duration::minutes(10)));
  const PlanInput input = burst(700, config);
  EXPECT_TRUE(plan(config, burst(300, config)).quotas.at(0).out.empty());
  config.sinks["s"].pace_off = true;
  const PlanResult result = plan(config, input);
  ASSERT_EQ(result.quotas.at(0).out.size(), 1u);
  EXPECT_EQ(result.quotas[0].out[0].at, Duration{});
  EXPECT_NEAR(result.quotas[0].out[0].until.as_seconds(), 600, 1);
}

TEST(Plan, hours_hold_back_until_they_open) {
  Config config = limited(bucket(100, second));
  config.queues["q"].hours.open = "08:00-21:00";
  const QueuePlan q = plan(config, burst(101, config)).queues.at("q");
  EXPECT_EQ(held(q, "hours"), Duration::hours(2));
  EXPECT_EQ(held(q, "100/1s burst 1"), second);
  EXPECT_EQ(q.drains, Duration::hours(2) + second + rtt);
}

TEST(Plan, limits_of_queue_and_key_go_by_their_names) {
  Config config = limited(bucket(100, second));
  config.queues["q"].limits = {bucket(10, second)};
  const QueuePlan slow = plan(config, burst(11, config)).queues.at("q");
  EXPECT_EQ(held(slow, "10/1s burst 1"), second);
  config.queues["q"].limits.clear();
  config.queues["q"].key_limits = {window(1, Duration::minutes(1))};
  const QueuePlan keyed = plan(config, burst(6, config, "", 2)).queues.at("q");
  EXPECT_NEAR(held(keyed, "key:1/1m").as_seconds(), 120, 1);
  EXPECT_NEAR(keyed.drains->as_seconds(), 120, 1);
}

TEST(Plan, what_does_not_get_through_is_told) {
  Config config = limited(bucket(10, second));
  PlanInput input = burst(100, config);
  config.queues["q"].ttl = Duration::milliseconds(4'950);
  const QueuePlan lapsing = plan(config, input).queues.at("q");
  EXPECT_EQ(lapsing.delivered, 50u);
  EXPECT_EQ(lapsing.expired, 50u);
  config.queues["q"].ttl = Duration::max();
  config.queues["q"].max_messages = 60;
  EXPECT_EQ(plan(config, input).queues.at("q").refused, 40u);
  config.queues["q"].max_messages = 1'000;
  input.most = Duration::seconds(2);
  const QueuePlan cut = plan(config, input).queues.at("q");
  EXPECT_EQ(cut.waiting, 80u);
  EXPECT_EQ(cut.drains, std::nullopt);
  input.most = Duration::days(1);
  input.fail = 1;
  config.queues["q"].retry.max_attempts = 1;
  EXPECT_EQ(plan(config, input).queues.at("q").dead, 100u);
}

TEST(Plan, what_it_cannot_plan_is_an_error) {
  Config config = limited(window(10, second));
  PlanInput input;
  EXPECT_EQ(read_burst({"x", "", 1, 0}, config, &input), "there is no queue \"x\" in a.yaml; it has q");
  EXPECT_EQ(read_burst({"q", "otp", 1, 0}, config, &input), "queue \"q\" has no class \"otp\" in a.yaml; it has none");
  input = burst(2, config);
  input.arrivals[1].cost = 11;
  EXPECT_EQ(plan(config, input).error,
            "message 2 costs 11, and the limits of queue \"q\" let 10 through at most: the door refuses it");
  Config other = config;
  other.path = "b.yaml";
  other.queues.clear();
  EXPECT_EQ(plan(other, input).error, "there is no queue \"q\" in b.yaml; it has none");
}

TEST(Plan, a_trace_is_read_whole_or_not_at_all) {
  const Config config = limited(window(10, second));
  const auto read = [&](const std::string& text, PlanInput* input) {
    std::istringstream in(text);
    return read_trace(in, "day.csv", config, true, input);
  };
  PlanInput good;
  EXPECT_EQ(read("time,queue,class,key,cost\n2026-03-01T08:00:00Z,q,default,k,3\n2026-03-01T08:00:05Z,q\n", &good), "");
  ASSERT_EQ(good.arrivals.size(), 2u);
  EXPECT_EQ(good.starts, *parse_rfc3339("2026-03-01T08:00:00Z"));
  EXPECT_EQ(good.arrivals[0].cost, 3u);
  EXPECT_EQ(good.arrivals[0].key, plan_key("k"));
  EXPECT_EQ(good.arrivals[1].at, Duration::seconds(5));
  EXPECT_EQ(plan(config, good).queues.at("q").classes.at("default").delivered, 2u);
  for (const auto& [text, what] :
       {std::pair("1,q\n2,x\n", "day.csv:2: there is no queue \"x\" in a.yaml; it has q"),
        {"1,q,vip\n", "day.csv:1: queue \"q\" has no class \"vip\" in a.yaml; it has none"},
        {"3,q\n1,q\n", "day.csv:2: its time is before that of the line above; sort the trace by time"},
        {"time,queue\n", "day.csv holds no line of a message: time,queue,class,key,cost"}}) {
    PlanInput input;
    EXPECT_EQ(read(text, &input), what);
  }
}

// ---- the rate that a delay needs ----

TEST(Needed, a_burst_needs_its_rest_within_the_wait) {
  const Config config = plain_config();
  EXPECT_DOUBLE_EQ(least_rate(burst(1'001, config).arrivals, Duration::seconds(10)), 100);
  EXPECT_DOUBLE_EQ(least_rate(burst(1, config).arrivals, Duration::seconds(10)), 0);
}

RC_GTEST_PROP(Needed, is_the_worst_pair, ()) {
  std::vector<PlanArrival> arrivals(*rc::gen::inRange<size_t>(1, 40));
  const auto wait = Duration::milliseconds(*rc::gen::inRange(1, 20'000));
  Duration at;
  for (PlanArrival& arrival : arrivals) {
    at = at + Duration::milliseconds(*rc::gen::inRange(0, 3'000));
    arrival.at = at;
    arrival.cost = *rc::gen::inRange(1u, 5u);
  }
  double worst = 0;
  for (size_t i = 0; i < arrivals.size(); ++i) {
    double cost = 0;
    for (size_t j = i; j < arrivals.size(); cost += arrivals[j++].cost) {
      worst = std::max(worst, cost / (arrivals[j].at - arrivals[i].at + wait).as_seconds());
    }
  }
  RC_ASSERT(std::abs(least_rate(arrivals, wait) - worst) < 1e-9 * (1 + worst));
}

Duration longest_with(const Config& config, const PlanInput& input, uint64_t count) {
  return plan(with_rate(config, "s", count, second), input).queues.at("q").delay.longest;
}

TEST(Needed, its_limit_meets_the_target_and_one_less_does_not) {
  const Config config = limited(window(20, second));
  PlanInput input = burst(3'000, config);
  for (int i = 0; i < 600; ++i) {
    PlanArrival late = input.arrivals[0];
    late.at = Duration::seconds(5) + Duration::milliseconds(10) * i;
    input.arrivals.push_back(late);
  }
  for (const int seconds : {3, 7, 20, 45}) {
    const Duration target = Duration::seconds(seconds);
    const std::vector<Needed> found = needed(config, input, target);
    ASSERT_EQ(found.size(), 1u);
    ASSERT_TRUE(found[0].met);
    const uint64_t count = std::stoull(found[0].limit);
    EXPECT_EQ(found[0].limit, std::to_string(count) + "/1s");
    EXPECT_NEAR(static_cast<double>(count), found[0].bound, 0.03 * found[0].bound);
    EXPECT_EQ(longest_with(config, input, count), found[0].longest);
    EXPECT_LE(found[0].longest, target);
    EXPECT_GT(longest_with(config, input, count - 1), target);
    EXPECT_LE(found[0].runs, 12u);
    std::printf("%d s: %s, bound %.3f/s, %d runs\n", seconds, found[0].limit.c_str(), found[0].bound,
                static_cast<int>(found[0].runs));
  }
}

// Two hours of the target are lost to the hours, which the bound does not know: the search has a long way to go.
TEST(Needed, is_found_far_above_the_bound) {
  Config config = limited(window(20, second));
  config.queues["q"].hours.open = "08:00-21:00";
  const PlanInput input = burst(6'000, config);
  const Duration target = Duration::minutes(130);
  const std::vector<Needed> found = needed(config, input, target);
  ASSERT_EQ(found.size(), 1u);
  ASSERT_TRUE(found[0].met);
  const uint64_t count = std::stoull(found[0].limit);
  EXPECT_EQ(found[0].limit, std::to_string(count) + "/1m");
  EXPECT_NEAR(static_cast<double>(count), 600, 60);
  EXPECT_NEAR(found[0].bound, 5'999 / 7'800.0, 1e-4);
  const auto longest = [&](uint64_t n) {
    return plan(with_rate(config, "s", n, Duration::minutes(1)), input).queues.at("q").delay.longest;
  };
  EXPECT_LE(longest(count), target);
  EXPECT_GT(longest(count - 1), target);
  std::printf("%s in %d runs\n", found[0].limit.c_str(), static_cast<int>(found[0].runs));
  EXPECT_LE(found[0].runs, 20u);
}

TEST(Needed, says_what_else_is_in_the_way) {
  Config config = limited(window(20, second));
  config.sinks["s"].concurrency = 1;
  PlanInput input = burst(100, config);
  input.round_trip = second;
  const std::vector<Needed> found = needed(config, input, Duration::seconds(10));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].met);
  EXPECT_EQ(found[0].holds, "concurrency");
}

// ---- the level over time ----

RC_GTEST_PROP(Timelines, have_the_highest_of_each_part, ()) {
  Timeline line;
  Duration at;
  uint64_t most = 0;
  for (int i = 0; i < 300; ++i) {
    const bool long_after = *rc::gen::inRange(0, 10) == 0;
    at = at + Duration::microseconds(*rc::gen::inRange(0, long_after ? 2'000'000 : 1'500));
    const auto level = *rc::gen::inRange<uint64_t>(0, 1'000);
    most = std::max(most, level);
    line.set(at, level);
  }
  const auto columns = line.columns(60, at + Duration::seconds(1));
  RC_ASSERT(*std::max_element(columns.begin(), columns.end()) == most);
  RC_ASSERT(line.peak() == most);
  RC_ASSERT(columns.back() == line.level());
}

}  // namespace
}  // namespace forebay::sim
