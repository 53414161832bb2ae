// Pauses of classes and keys: durable before they are answered, there again after a restart and after a reload.
#include <gtest/gtest.h>

#include <cerrno>

#include "relay/paused_keys.h"
#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

Config with_class() {
  Config config = two_queues();
  config.queues["q"].classes["otp"].name = "otp";
  return config;
}

uint64_t pause_class(DeskWorld& world, std::string_view klass, bool paused) {
  return std::get<uint64_t>(world.change([&](uint64_t token, PublishListener& listener) {
    return world.relay->admin().set_class_paused("q", klass, paused, token, listener);
  }));
}

uint64_t pause_key(DeskWorld& world, std::string_view key, bool paused) {
  return std::get<uint64_t>(world.change([&](uint64_t token, PublishListener& listener) {
    return world.relay->admin().set_key_paused("q", key, paused, token, listener);
  }));
}

std::vector<std::string> paused_keys(DeskWorld& world) {
  return world.relay->admin().queue_status("q")->paused_keys;
}

bool otp_paused(DeskWorld& world) {
  Core& core = world.relay->core();
  return core.class_paused(1, *core.class_number(1, "otp"));
}

TEST(OverseerPauses, a_class_is_paused_durably_and_across_restarts) {
  DeskWorld world(with_class());
  const uint64_t token = pause_class(world, "otp", true);
  EXPECT_TRUE(world.answers.empty()) << "answered before the sync";
  world.commit();
  EXPECT_EQ(world.answers[token].changed, 1u);
  EXPECT_TRUE(otp_paused(world));
  world.restart({});
  EXPECT_TRUE(otp_paused(world));
  EXPECT_FALSE(world.relay->core().class_paused(1, 0)) << "the default class is another";
  EXPECT_FALSE(world.relay->core().class_paused(2, *world.relay->core().class_number(1, "otp")));
  pause_class(world, "otp", false);
  EXPECT_FALSE(otp_paused(world));
  world.commit();
  world.restart({});
  EXPECT_FALSE(otp_paused(world));
}

TEST(OverseerPauses, a_key_is_paused_durably_and_across_restarts) {
  DeskWorld world(with_class());
  const uint64_t first = pause_key(world, "a:b/c", true);
  const uint64_t second = pause_key(world, "2", true), third = pause_key(world, "3", true);
  EXPECT_TRUE(world.answers.empty()) << "answered before the sync";
  world.commit();
  for (const uint64_t token : {first, second, third}) EXPECT_EQ(world.answers[token].changed, 1u);
  EXPECT_EQ(paused_keys(world), (std::vector<std::string>{"a:b/c", "2", "3"}));
  pause_key(world, "a:b/c", false);
  world.commit();
  world.restart({});
  EXPECT_EQ(paused_keys(world), (std::vector<std::string>{"3", "2"})) << "the last took the free place";
  EXPECT_TRUE(world.relay->admin().queue_status("r")->paused_keys.empty());
  pause_key(world, "2", false);
  pause_key(world, "3", false);
  world.commit();
  world.restart({});
  EXPECT_TRUE(paused_keys(world).empty());
}

TEST(OverseerPauses, what_is_so_already_is_answered_with_nothing_changed) {
  DeskWorld world(with_class());
  pause_key(world, "k", true);
  world.commit();
  const uint64_t again = pause_key(world, "k", true), never = pause_key(world, "other", false);
  world.turn();
  EXPECT_EQ(world.answers[again].changed, 0u);
  EXPECT_EQ(world.answers[never].changed, 0u);
  EXPECT_EQ(paused_keys(world).size(), 1u);
}

TEST(OverseerPauses, the_list_of_keys_is_bounded) {
  DeskWorld world(with_class());
  for (size_t i = 0; i < PausedKeys::count_max; ++i) pause_key(world, "key " + std::to_string(i), true);
  const auto problem = world.change(
      [&](uint64_t t, PublishListener& l) { return world.relay->admin().set_key_paused("q", "x", true, t, l); });
  EXPECT_EQ(std::get<Problem>(problem).status, 422);
  EXPECT_EQ(std::get<Problem>(problem).type, "too-many-paused-keys");
  const std::string longest(1024, 'k');
  EXPECT_EQ(world.relay->admin().set_key_paused("r", longest + "k", true, 1, world)->status, 422);
  EXPECT_FALSE(world.relay->admin().set_key_paused("r", longest, true, 1, world));
  world.commit();
  world.restart({});
  EXPECT_EQ(paused_keys(world).size(), PausedKeys::count_max);
}

TEST(OverseerPauses, names_what_it_does_not_know) {
  DeskWorld world(with_class());
  AdminView& admin = world.relay->admin();
  EXPECT_EQ(admin.set_class_paused("q", "opt", true, 1, world)->type, "no-such-class");
  EXPECT_EQ(admin.set_class_paused("x", "otp", true, 1, world)->type, "no-such-queue");
  EXPECT_EQ(admin.set_key_paused("x", "k", true, 1, world)->type, "no-such-queue");
}

TEST(OverseerPauses, a_pause_that_is_not_on_disk_is_not_confirmed) {
  DeskWorld world(with_class());
  const uint64_t token = pause_key(world, "k", true);
  world.commit(ENOSPC);
  ASSERT_TRUE(world.answers[token].problem);
  EXPECT_EQ(world.answers[token].problem->status, 507);
}

TEST(OverseerPauses, the_status_shows_the_classes) {
  DeskWorld world(with_class());
  world.accept();
  const QueueStatus status = *world.relay->admin().queue_status("q");
  ASSERT_FALSE(status.classes.empty());
  EXPECT_EQ(status.classes[0].name, "default");
  EXPECT_EQ(status.classes[0].ready, 1u);
}

}  // namespace
}  // namespace forebay
