// What may come in: exact, whole calls only, by token and by queue.
#include "relay/producer_limits.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>

#include "tests/relay/desk_world.h"
#include "tests/relay/metrics_lines.h"

namespace forebay {
namespace {

LimitConfig window(uint64_t count, Duration per, std::string name = "") {
  LimitConfig limit;
  limit.count = count;
  limit.per = per;
  limit.name = std::move(name);
  return limit;
}

AuthToken token(const std::string& name, std::vector<LimitConfig> limits) {
  return {name, "secret", {"publish:*"}, std::move(limits)};
}

NewMessage by(std::string_view name, std::string_view queue = "q") {
  NewMessage message = DeskWorld::message("body", queue);
  message.by = name;
  return message;
}

Config with_limits(std::vector<LimitConfig> of_queue, std::vector<AuthToken> tokens = {}) {
  Config config = two_queues();
  config.queues["q"].producer_limits = std::move(of_queue);
  config.tokens = std::move(tokens);
  return config;
}

std::optional<Problem> refused(DeskWorld& world, const std::vector<NewMessage>& messages) {
  const auto taken = world.publish(messages);
  world.commit();
  return std::holds_alternative<Problem>(taken) ? std::optional(std::get<Problem>(taken)) : std::nullopt;
}

// A call is refused exactly when some window that ends now would hold more than its count.
RC_GTEST_PROP(ProducerLimits, are_exact_sliding_windows, ()) {
  const std::vector<LimitConfig> limits{window(*rc::gen::inRange<uint64_t>(1, 20), Duration::seconds(1)),
                                        window(*rc::gen::inRange<uint64_t>(1, 60), Duration::seconds(7))};
  ProducerLimits producers;
  producers.follow_tokens({token("shop", limits)});
  std::deque<std::pair<Instant, uint64_t>> accepted;
  Now now{{5'000'000'000}, {}};
  for (int i = 0; i < 200; ++i) {
    now.steady = now.steady + Duration{*rc::gen::inRange<int64_t>(0, 900) * 1'000'000};
    const uint64_t count = *rc::gen::inRange<uint64_t>(1, 8);
    bool fits = true, ever_fits = true;
    for (const LimitConfig& limit : limits) {
      uint64_t within = count;
      for (const auto& [at, n] : accepted) within += now.steady - at < limit.per ? n : 0;
      fits &= within <= limit.count;
      ever_fits &= count <= limit.count;
    }
    const auto problem = producers.refusal("shop", count, {}, now);
    RC_ASSERT(problem.has_value() == !fits);
    if (problem) {
      RC_ASSERT(problem->status == (ever_fits ? 429 : 413));
      RC_ASSERT(problem->retry_after.has_value() == ever_fits);
    }
    if (problem && ever_fits) {  // the wait that is told is the shortest
      RC_ASSERT(!producers.refusal("shop", count, {}, {now.steady + *problem->retry_after, {}}));
      RC_ASSERT(producers.refusal("shop", count, {}, {now.steady + (*problem->retry_after - Duration{1}), {}}));
    }
    if (fits) producers.take("shop", count, {}, now), accepted.emplace_back(now.steady, count);
  }
}

TEST(ProducerLimits, a_queue_takes_so_many_and_says_when_it_takes_more) {
  DeskWorld world(with_limits({window(3, Duration::seconds(10))}));
  EXPECT_FALSE(refused(world, {by(""), by("")}));
  world.advance(Duration::seconds(4));
  const auto problem = refused(world, {by(""), by("")});
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->status, 429);
  EXPECT_EQ(problem->type, "producer-limit");
  EXPECT_EQ(problem->retry_after, Duration::seconds(6));
  EXPECT_NE(problem->detail.find("queue \"q\""), std::string::npos) << problem->detail;
  EXPECT_FALSE(refused(world, {by("")})) << "what was refused does not count";
  EXPECT_FALSE(refused(world, {by("", "r"), by("", "r"), by("", "r"), by("", "r")})) << "another queue";
  world.advance(Duration::seconds(6));
  EXPECT_FALSE(refused(world, {by(""), by("")}));
  EXPECT_EQ(metrics_line(world, "forebay_refused_messages_total{queue=\"q\",reason=\"producer_limit\"}"), "2");
  EXPECT_EQ(world.queue().reserved, 0u);
}

TEST(ProducerLimits, a_batch_that_no_wait_helps_is_too_large) {
  DeskWorld world(with_limits({window(2, Duration::seconds(1))}));
  const auto problem = refused(world, {by(""), by(""), by("")});
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->status, 413);
  EXPECT_FALSE(problem->retry_after);
}

TEST(ProducerLimits, each_token_has_its_own) {
  DeskWorld world(with_limits({}, {token("a", {window(1, Duration::seconds(1))}), token("b", {})}));
  EXPECT_FALSE(refused(world, {by("a")}));
  EXPECT_TRUE(refused(world, {by("a")}));
  EXPECT_TRUE(refused(world, {by("a", "r")})) << "whatever the queue";
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(refused(world, {by("b")}));
}

TEST(ProducerLimits, are_told_in_the_words_of_the_draft) {
  DeskWorld world(with_limits(
      {window(4, Duration::seconds(2))},
      {token("a", {window(10, Duration::milliseconds(1500), "my \"own\""), window(4, Duration::seconds(2))})}));
  Intake& intake = world.relay->intake();
  EXPECT_EQ(intake.rate_limits(by("a", "r")).policy, R"("my \"own\"";q=10;w=2, "4/2s";q=4;w=2)");
  EXPECT_EQ(intake.rate_limits(by("a", "r")).state, R"("my \"own\"";r=10, "4/2s";r=4)");
  EXPECT_EQ(intake.rate_limits(by("b", "r")).policy, "");
  ASSERT_FALSE(refused(world, {by("a"), by("a"), by("a"), by("a")}));
  world.advance(Duration::milliseconds(400));
  EXPECT_EQ(intake.rate_limits(by("a")).policy,
            R"("my \"own\"";q=10;w=2, "4/2s";q=4;w=2, "4/2s of queue \"q\"";q=4;w=2)");
  EXPECT_EQ(intake.rate_limits(by("a")).state,
            R"("my \"own\"";r=6;t=2, "4/2s";r=0;t=2, "4/2s of queue \"q\"";r=0;t=2)");
  world.advance(Duration::milliseconds(700));
  EXPECT_EQ(intake.rate_limits(by("", "q")).state, R"("4/2s";r=0;t=1)");
}

TEST(ProducerLimits, stay_spent_over_a_reload) {
  ProducerLimits producers;
  const Now now{{1'000'000'000}, {}};
  producers.follow_tokens({token("a", {window(3, Duration::seconds(1), "mine")})});
  producers.take("a", 3, {}, now);
  producers.follow_tokens({token("a", {window(5, Duration::seconds(1), "mine")}), token("b", {})});
  EXPECT_FALSE(producers.refusal("a", 2, {}, now));
  EXPECT_TRUE(producers.refusal("a", 3, {}, now));
  producers.follow_tokens({});
  EXPECT_FALSE(producers.refusal("a", 3, {}, now));
}

}  // namespace
}  // namespace forebay
