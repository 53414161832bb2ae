// What the desk reads out of a message for the limits: class, key and cost.
#include <gtest/gtest.h>

#include "relay/key_hash.h"
#include "relay/refusal_problem.h"
#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

using World = DeskWorld;
using From = ValueSource::From;

Config with_sources() {
  Config config = CoreWorld::simple();
  QueueConfig& queue = config.queues["q"];
  queue.key = {From::json, "/phone"};
  queue.classes["otp"].name = "otp";
  queue.classes["marketing"].name = "marketing";
  config.sinks["s"].cost = {From::json, "/segments"};
  return config;
}

// The facts of the one message that this publishes.
MessageFacts facts_of(World& world, const NewMessage& message) {
  world.accept(message);
  return world.backlog.told.rbegin()->second;
}

Problem refused(World& world, const std::vector<NewMessage>& messages) {
  const auto taken = world.publish(messages);
  EXPECT_TRUE(std::holds_alternative<Problem>(taken));
  return std::holds_alternative<Problem>(taken) ? std::get<Problem>(taken) : Problem{};
}

KeyHash hash(World& world, std::string_view key) {
  return key_hash(key, key_seed(world.backlog.id_key()));
}

std::string metric(World& world, const std::string& series) {
  const std::string text = world.relay->metrics().text();
  const size_t at = text.find("\n" + series + " ");
  return at == std::string::npos
             ? ""
             : text.substr(at + series.size() + 2, text.find('\n', at + 1) - at - series.size() - 2);
}

TEST(IntakeFacts, key_and_cost_come_from_where_the_config_points) {
  World world(with_sources());
  const MessageFacts facts = facts_of(world, World::message(R"({"phone": "+49", "segments": 3})"));
  EXPECT_EQ(facts.key, hash(world, "+49"));
  EXPECT_EQ(facts.cost, 3u);
  EXPECT_EQ(facts.klass, 0);
  NewMessage named = World::message(R"({"phone": "+49"})");
  named.key = "acme";
  EXPECT_EQ(facts_of(world, named).key, hash(world, "acme"));
}

TEST(IntakeFacts, a_message_without_them_is_taken_and_a_missed_cost_is_counted) {
  World world(with_sources());
  for (const char* body : {"not json", "{}", ""}) {
    const MessageFacts facts = facts_of(world, World::message(body));
    EXPECT_EQ(facts.key, 0u) << body;
    EXPECT_EQ(facts.cost, 1u) << body;
  }
  EXPECT_EQ(metric(world, "forebay_cost_misses_total{queue=\"q\"}"), "3");
}

TEST(IntakeFacts, the_queues_cost_goes_before_the_sinks) {
  Config config = with_sources();
  config.queues["q"].cost = {From::header, "X-Cost"};
  World world(config);
  const std::vector<std::pair<std::string_view, std::string_view>> headers = {{"x-cost", "7"}};
  NewMessage message = World::message(R"({"segments": 3})");
  message.headers = headers;
  EXPECT_EQ(facts_of(world, message).cost, 7u);
}

TEST(IntakeFacts, a_class_is_known_by_its_name_and_an_unknown_one_names_those_there_are) {
  World world(with_sources());
  NewMessage message = World::message();
  message.klass = "otp";
  EXPECT_EQ(facts_of(world, message).klass, world.relay->core().class_number(1, "otp"));
  EXPECT_NE(facts_of(world, message).klass, 0);
  message.klass = "opt";
  const Problem problem = refused(world, {message});
  EXPECT_EQ(problem.status, 422);
  EXPECT_EQ(problem.type, "no-such-class");
  EXPECT_NE(problem.detail.find("default, marketing, otp"), std::string::npos) << problem.detail;
}

TEST(IntakeFacts, what_costs_more_than_any_limit_lets_through_is_refused_for_good) {
  Config config = with_sources();
  LimitConfig limit;
  limit.name = "5/1s";
  limit.count = 5;
  limit.per = Duration::seconds(1);
  config.sinks["s"].limits = {limit};
  World world(config);
  EXPECT_EQ(facts_of(world, World::message(R"({"segments": 5})")).cost, 5u);
  const Problem problem = refused(world, {World::message(R"({"segments": 6})")});
  EXPECT_EQ(problem.status, 422);
  EXPECT_EQ(problem.type, "cost-too-high");
  EXPECT_FALSE(problem.retry_after);
  EXPECT_NE(problem.detail.find("5 is the most"), std::string::npos) << problem.detail;
  NewMessage good = World::message("{}"), bad = World::message(R"({"segments": "99999999999"})");
  good.line = 1;
  bad.line = 2;
  EXPECT_NE(refused(world, {good, bad}).detail.find("line 2: "), std::string::npos);
  EXPECT_EQ(world.queue().reserved, 0u);
}

TEST(IntakeFacts, a_key_without_room_is_refused_where_the_config_says_so) {
  const Problem problem =
      refusal_problem({Refusal::Why::keys_full, Duration::seconds(9)}, with_sources().queues.at("q"));
  EXPECT_EQ(problem.status, 503);
  EXPECT_EQ(problem.type, "keys-full");
  EXPECT_EQ(problem.retry_after, Duration::seconds(9));
  EXPECT_NE(problem.detail.find("queue \"q\""), std::string::npos) << problem.detail;
}

TEST(IntakeFacts, another_config_points_elsewhere) {
  World world(with_sources());
  Config config = with_sources();
  config.queues["q"].key = {From::json, "/tenant"};
  const std::vector<QueueId> ids = {1};
  ASSERT_EQ(world.relay->reconfigure(config, ids), "");
  EXPECT_EQ(facts_of(world, World::message(R"({"phone": "1", "tenant": "2"})")).key, hash(world, "2"));
}

}  // namespace
}  // namespace forebay
