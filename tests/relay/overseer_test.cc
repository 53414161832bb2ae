#include <gtest/gtest.h>

#include <cerrno>

#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

uint64_t pause_queue(DeskWorld& world, bool paused) {
  return std::get<uint64_t>(world.change([&](uint64_t token, PublishListener& listener) {
    return world.relay->admin().set_queue_paused("q", paused, token, listener);
  }));
}

uint64_t pause_sink(DeskWorld& world, bool paused) {
  return std::get<uint64_t>(world.change([&](uint64_t token, PublishListener& listener) {
    return world.relay->admin().set_sink_paused("s", paused, token, listener);
  }));
}

TEST(Overseer, pauses_are_durable_before_they_are_answered_and_survive_a_restart) {
  DeskWorld world(two_queues());
  const uint64_t queue = pause_queue(world, true), sink = pause_sink(world, true);
  EXPECT_TRUE(world.answers.empty()) << "answered before the sync";
  world.commit();
  EXPECT_EQ(world.answers[queue].changed, 1u);
  EXPECT_EQ(world.answers[sink].changed, 1u);
  world.restart({});
  EXPECT_TRUE(world.relay->admin().queue_status("q")->paused);
  EXPECT_FALSE(world.relay->admin().queue_status("r")->paused);
  EXPECT_EQ(world.relay->admin().sink_status("s")->state, "paused");
  pause_queue(world, false);
  pause_sink(world, false);
  world.commit();
  world.restart({});
  EXPECT_FALSE(world.relay->admin().queue_status("q")->paused);
  EXPECT_EQ(world.relay->admin().sink_status("s")->state, "open");
}

TEST(Overseer, a_pause_that_is_not_on_disk_is_not_confirmed) {
  DeskWorld world;
  const uint64_t token = pause_queue(world, true);
  world.commit(ENOSPC);
  EXPECT_FALSE(world.answers[token].changed);
  ASSERT_TRUE(world.answers[token].problem);
  EXPECT_EQ(world.answers[token].problem->status, 507);
  EXPECT_TRUE(world.answers[token].problem->retry_after);
}

TEST(Overseer, names_what_it_does_not_know) {
  DeskWorld world;
  AdminView& admin = world.relay->admin();
  EXPECT_FALSE(admin.queue_status("x"));
  EXPECT_FALSE(admin.sink_status("x"));
  EXPECT_EQ(admin.set_queue_paused("x", true, 1, world)->status, 404);
  EXPECT_EQ(admin.set_sink_paused("x", true, 1, world)->status, 404);
  EXPECT_EQ(admin.purge_queue("x", 1, world)->status, 404);
  EXPECT_EQ(admin.purge_dead("q", "00000000000000000000000000", 1, world)->type, "no-such-dead-letter");
  EXPECT_EQ(admin.replay_dead("q", world.accept(), 1, world)->status, 404) << "it is waiting, not dead";
  EXPECT_EQ(std::get<Problem>(admin.dead("x", "", 10)).status, 404);
}

TEST(Overseer, readiness_names_what_is_wrong) {
  DeskWorld world;
  EXPECT_TRUE(world.relay->admin().status().ready);
  world.backlog.shown.refusing = true;
  world.backlog.shown.refusing_why = "no space";
  world.backlog.shown.quarantined_segments = 1;
  world.backlog.shown.missing_segments = 1;
  world.relay->stop();
  const RelayStatus status = world.relay->admin().status();
  EXPECT_FALSE(status.ready);
  EXPECT_EQ(status.not_ready_because.size(), 4u);
}

// ---- purges ----

TEST(Overseer, a_purge_takes_what_waited_when_it_was_asked_for) {
  DeskWorld world(two_queues());
  world.hold_all();
  pause_queue(world, true);
  NewMessage later = DeskWorld::message();
  later.delay = Duration::hours(1);
  world.accept(later);
  for (int i = 0; i < 2'500; ++i) world.accept();
  for (int i = 0; i < 10; ++i) world.accept(DeskWorld::message("body", "r"));
  const uint64_t token = std::get<uint64_t>(world.change(
      [&](uint64_t t, PublishListener& listener) { return world.relay->admin().purge_queue("q", t, listener); }));
  const std::string newer = world.accept();
  world.turn();
  EXPECT_FALSE(world.answers.contains(token)) << "a slice a turn";
  EXPECT_EQ(world.queue().waiting(), 502u);
  world.turn();
  ASSERT_TRUE(world.answers.contains(token));
  EXPECT_EQ(world.answers[token].changed, 2'501u);
  EXPECT_EQ(world.status(newer).state, "ready");
  EXPECT_EQ(world.relay->admin().queue_status("r")->in_flight, 10u);
}

TEST(Overseer, a_purge_of_nothing_is_answered_at_once) {
  DeskWorld world;
  const uint64_t token = std::get<uint64_t>(world.change(
      [&](uint64_t t, PublishListener& listener) { return world.relay->admin().purge_queue("q", t, listener); }));
  EXPECT_TRUE(world.answers.empty()) << "never from inside the call";
  world.turn();
  EXPECT_EQ(world.answers[token].changed, 0u);
}

TEST(Overseer, who_asked_for_a_purge_may_leave) {
  DeskWorld world;
  pause_queue(world, true);
  for (int i = 0; i < 3; ++i) world.accept();
  world.change(
      [&](uint64_t t, PublishListener& listener) { return world.relay->admin().purge_queue("q", t, listener); });
  world.answers.clear();
  world.relay->admin().forget(world);
  world.turn();
  EXPECT_TRUE(world.answers.empty());
  EXPECT_EQ(world.queue().waiting(), 0u);
}

}  // namespace
}  // namespace forebay
