// Pinned limits: checked like the config's, in force at once, durable, and there again after restarts and reloads.
#include <gtest/gtest.h>

#include <cerrno>

#include "relay/pins.h"
#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

LimitConfig window(uint64_t count, Duration per, std::string name) {
  LimitConfig limit;
  limit.name = std::move(name);
  limit.count = count;
  limit.per = per;
  return limit;
}

Config limited() {
  Config config = two_queues();
  config.sinks["s"].limits = {window(300, Duration::seconds(1), "300/1s")};
  return config;
}

std::variant<uint64_t, Problem> pin(DeskWorld& world, std::string_view json, std::string_view sink = "s") {
  return world.change(
      [&](uint64_t token, PublishListener& l) { return world.relay->admin().pin_limits(sink, json, token, l); });
}

std::variant<uint64_t, Problem> unpin(DeskWorld& world, std::string_view sink = "s") {
  return world.change(
      [&](uint64_t token, PublishListener& l) { return world.relay->admin().unpin_limits(sink, token, l); });
}

SinkStatus status(DeskWorld& world) {
  return *world.relay->admin().sink_status("s");
}

// "300/1s 64": the limits in force and the concurrency.
std::string in_force(DeskWorld& world) {
  std::string text;
  const SinkStatus sink = status(world);
  for (const LimitStatus& limit : sink.limits) {
    text += limit.name == "concurrency" ? std::to_string(limit.effective) : limit.name + " ";
  }
  return text;
}

const std::vector<QueueId> two_ids = {1, 2};

TEST(Pins, are_in_force_at_once_and_confirmed_when_durable) {
  DeskWorld world(limited());
  EXPECT_EQ(in_force(world), "300/1s 64");
  EXPECT_EQ(status(world).pinned, "");
  const uint64_t token = std::get<uint64_t>(pin(world, R"({"limits": ["100/1s", {"count": 5, "per": "1h"}]})"));
  EXPECT_EQ(in_force(world), "100/1s 5/1h 64");
  EXPECT_TRUE(world.answers.empty()) << "answered before the sync";
  world.commit();
  EXPECT_EQ(world.answers[token].changed, 1u);
  EXPECT_EQ(status(world).pinned, R"({"limits":["100/1s",{"count":5,"per":"1h"}]})");
}

TEST(Pins, leave_what_they_do_not_name_as_configured) {
  DeskWorld world(limited());
  pin(world, R"({"concurrency": 7})");
  EXPECT_EQ(in_force(world), "300/1s 7");
  pin(world, R"({"pace": "off"})");
  EXPECT_EQ(in_force(world), "300/1s 64") << "a pin takes the place of the one before";
  EXPECT_TRUE(world.relay->running().sinks.at("s").pace_off);
  pin(world, R"({"limits": []})");
  EXPECT_EQ(in_force(world), "64");
}

TEST(Pins, survive_restarts_and_reloads_until_unpinned) {
  DeskWorld world(limited());
  pin(world, R"({"limits": ["100/1s"]})");
  world.commit();
  world.restart({});
  EXPECT_EQ(in_force(world), "100/1s 64");
  Config config = limited();
  config.sinks["s"].limits = {window(200, Duration::seconds(1), "200/1s")};
  config.sinks["s"].concurrency = 32;
  ASSERT_EQ(world.relay->reconfigure(config, two_ids), "");
  EXPECT_EQ(in_force(world), "100/1s 32");
  const uint64_t token = std::get<uint64_t>(unpin(world));
  EXPECT_EQ(in_force(world), "200/1s 32");
  world.commit();
  EXPECT_EQ(world.answers[token].changed, 1u);
  world.restart({});
  EXPECT_EQ(in_force(world), "300/1s 64") << "the fake world starts with its first config";
  EXPECT_EQ(status(world).pinned, "");
  const uint64_t again = std::get<uint64_t>(unpin(world));
  world.turn();
  EXPECT_EQ(world.answers[again].changed, 0u);
}

TEST(Pins, a_bad_one_changes_nothing_and_says_why) {
  DeskWorld world(limited());
  pin(world, R"({"concurrency": 7})");
  world.commit();
  const std::pair<const char*, int> cases[] = {{"not json", 400},
                                               {R"({"limits": ["100/1s"])", 400},
                                               {"[]", 422},
                                               {"{}", 422},
                                               {R"("100/1s")", 422},
                                               {R"({"url": "http://x/"})", 422},
                                               {R"({"limits": "many"})", 422},
                                               {R"({"limits": ["0/1s"]})", 422},
                                               {R"({"limits": ["100/1parsec"]})", 422},
                                               {R"({"limits": [{"count": 1, "per": "1s", "speed": 3}]})", 422},
                                               {R"({"limits": ["100/1s", "100/1s"]})", 422},
                                               {R"({"limits": null})", 422},
                                               {R"({"concurrency": 0})", 422},
                                               {R"({"concurrency": -1})", 422},
                                               {R"({"concurrency": 1.5})", 422},
                                               {R"({"pace": "fast"})", 422},
                                               {R"({"pace": "${HOME}"})", 422},
                                               {R"({"pace": "${HOME_OF_NOBODY:-50ms}"})", 422},
                                               {R"({"pace": "$$"})", 422},
                                               {R"({"limits": [{"count": 1, "per": "1s", "name": "${HOME}"}]})", 422}};
  for (const auto& [json, expected] : cases) {
    const auto answer = pin(world, json);
    ASSERT_TRUE(std::holds_alternative<Problem>(answer)) << json;
    EXPECT_EQ(std::get<Problem>(answer).status, expected) << json;
    EXPECT_FALSE(std::get<Problem>(answer).detail.empty()) << json;
    EXPECT_EQ(in_force(world), "300/1s 7") << json;
  }
  const std::string deep = R"({"limits": )" + std::string(1'000, '[') + std::string(1'000, ']') + "}";
  EXPECT_EQ(std::get<Problem>(pin(world, deep)).status, 400);
  EXPECT_EQ(std::get<Problem>(pin(world, std::string(pin_bytes_max + 1, ' '))).status, 422);
  EXPECT_EQ(std::get<Problem>(pin(world, R"({"concurrency": 1})", "x")).status, 404);
  EXPECT_EQ(std::get<Problem>(unpin(world, "x")).status, 404);
}

TEST(Pins, one_that_no_longer_holds_is_loud_and_can_be_taken_off) {
  DeskWorld world(limited());
  world.backlog.notes[pin_note("s")] = "of another age";
  world.restart({});
  EXPECT_EQ(in_force(world), "300/1s 64");
  const RelayStatus shown = world.relay->admin().status();
  EXPECT_FALSE(shown.ready);
  ASSERT_EQ(shown.not_ready_because.size(), 1u);
  EXPECT_NE(shown.not_ready_because[0].find("sink \"s\""), std::string::npos);
  EXPECT_NE(world.relay->reconfigure(limited(), two_ids), "");
  unpin(world);
  world.commit();
  EXPECT_EQ(world.relay->reconfigure(limited(), two_ids), "");
  EXPECT_TRUE(world.relay->admin().status().ready);
}

TEST(Pins, one_that_is_not_on_disk_is_not_confirmed) {
  DeskWorld world(limited());
  const uint64_t token = std::get<uint64_t>(pin(world, R"({"concurrency": 7})"));
  world.commit(ENOSPC);
  ASSERT_TRUE(world.answers[token].problem);
  EXPECT_EQ(world.answers[token].problem->status, 507);
}

TEST(Pins, limits_show_what_is_left_of_them) {
  DeskWorld world(limited());
  world.hold_all();
  for (int i = 0; i < 3; ++i) world.accept();
  for (int i = 0; i < 10; ++i) {
    world.advance(Duration::milliseconds(10));
    world.turn();
  }
  const LimitStatus limit = status(world).limits.at(0);
  EXPECT_EQ(limit.remaining, 297u);
  EXPECT_TRUE(limit.enforced);
}

}  // namespace
}  // namespace forebay
