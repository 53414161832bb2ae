#include "relay/spends_journal.h"

#include <gtest/gtest.h>

#include "tests/relay/core_world.h"

namespace forebay {
namespace {

constexpr Duration second = Duration::seconds(1);

// 160/1h without a pace: a record covers ten sends.
Config hourly() {
  Config config = CoreWorld::simple();
  LimitConfig limit;
  limit.count = 160;
  limit.per = Duration::hours(1);
  config.sinks["s"].limits = {limit};
  config.sinks["s"].pace_off = true;
  config.sinks["s"].concurrency = 1000;
  return config;
}

struct Spends {
  CoreWorld world{hourly()};
  SpendsJournal journal{*world.core, world.backlog};

  // A turn of the loop; how many were sent. Each is answered at once.
  size_t turn() {
    const auto sends = world.tick();
    for (const Send& send : sends) world.core->settled(send.ticket, CoreWorld::delivered(), world.now);
    wake = journal.work(world.now);
    return sends.size();
  }
  // Everything gathered so far is on the disk, or is not known to be.
  void commit(bool whole = true) {
    world.backlog.flush();
    journal.committed(world.backlog.open_batch() - 1, whole);
  }
  const std::string& record() { return world.backlog.notes["spends:s"]; }
  Instant wake;
};

TEST(SpendsJournal, nothing_is_sent_before_the_first_record_is_synced) {
  Spends spends;
  spends.journal.start(spends.world.now);
  spends.world.accept();
  EXPECT_EQ(spends.turn(), 0u);
  spends.commit();
  EXPECT_EQ(spends.turn(), 1u);
}

TEST(SpendsJournal, a_stuck_journal_stops_the_sink_at_what_its_last_record_covers) {
  Spends spends;
  spends.journal.start(spends.world.now);
  spends.commit();
  for (int i = 0; i < 50; ++i) spends.world.accept();
  EXPECT_EQ(spends.turn(), 10u);
  spends.world.advance(second * 60);
  EXPECT_EQ(spends.turn(), 0u);
  EXPECT_EQ(spends.world.core->lanes()[0]->limits().blocking(spends.world.now, 1).name, "160/1h");
  spends.commit();
  EXPECT_EQ(spends.turn(), 10u);
}

TEST(SpendsJournal, a_cost_above_what_the_last_record_covers_gets_a_record_at_once) {
  Spends spends;
  spends.journal.start(spends.world.now);
  spends.commit();
  const LimitSet& limits = spends.world.core->lanes()[0]->limits();
  EXPECT_TRUE(limits.next(spends.world.now, 40).is_never());
  EXPECT_EQ(spends.turn(), 0u);
  // What grows while a record is on its way is covered by the one after it.
  EXPECT_TRUE(limits.next(spends.world.now, 50).is_never());
  spends.commit();
  EXPECT_EQ(limits.next(spends.world.now, 40), spends.world.now.steady);
  EXPECT_TRUE(limits.next(spends.world.now, 50).is_never());
  EXPECT_EQ(spends.turn(), 0u);
  spends.commit();
  EXPECT_EQ(limits.next(spends.world.now, 50), spends.world.now.steady);
}

TEST(SpendsJournal, one_record_is_on_its_way_at_a_time) {
  Spends spends;
  spends.journal.start(spends.world.now);
  spends.commit();
  for (int i = 0; i < 5; ++i) spends.world.accept();
  EXPECT_EQ(spends.turn(), 5u);
  const std::string on_its_way = spends.record();
  for (int i = 0; i < 3; ++i) spends.world.accept();
  spends.world.advance(second * 2);
  EXPECT_EQ(spends.turn(), 3u);
  EXPECT_EQ(spends.record(), on_its_way);
  spends.commit();
  spends.turn();
  EXPECT_NE(spends.record(), on_its_way);
}

TEST(SpendsJournal, what_may_not_be_on_the_disk_covers_nothing_and_is_written_again_a_second_later) {
  Spends spends;
  spends.journal.start(spends.world.now);
  spends.commit(false);
  spends.world.accept();
  EXPECT_EQ(spends.turn(), 0u);
  EXPECT_EQ(spends.wake, spends.world.now.steady + second);
  spends.world.advance(second);
  EXPECT_EQ(spends.turn(), 0u);
  spends.commit();
  EXPECT_EQ(spends.turn(), 1u);
}

TEST(SpendsJournal, the_last_sends_before_a_pause_are_recorded_within_a_second) {
  Spends spends;
  spends.journal.start(spends.world.now);
  spends.commit();
  spends.world.accept();
  EXPECT_EQ(spends.turn(), 1u);
  const std::string before = spends.record();
  EXPECT_EQ(spends.wake, spends.world.now.steady + second);
  spends.world.advance(second);
  EXPECT_EQ(spends.turn(), 0u);
  EXPECT_NE(spends.record(), before);
  spends.commit();
  spends.turn();
  EXPECT_TRUE(spends.wake.is_never()) << "an idle sink writes nothing";
}

// What the next process knows of 30 sends, an hour's absence less a minute later.
TEST(SpendsJournal, a_start_knows_what_was_sent_to_within_what_a_record_covers) {
  Spends spends;
  spends.journal.start(spends.world.now);
  for (int i = 0; i < 30; ++i) spends.world.accept();
  size_t sent = 0;
  while (sent < 30) spends.commit(), sent += spends.turn();
  spends.world.backlog.clean = false;
  spends.world.advance(Duration::minutes(59));
  spends.world.restart({});
  SpendsJournal next(*spends.world.core, spends.world.backlog);
  next.start(spends.world.now);
  const double used = spends.world.core->lanes()[0]->limits().views(spends.world.now)[0].utilization * 160;
  EXPECT_GE(used, 30);
  EXPECT_LE(used, 30 + 10);
}

TEST(SpendsJournal, a_sink_that_is_new_to_an_old_store_starts_with_its_quota_whole) {
  Spends spends;
  spends.world.backlog.clean = false;
  spends.world.backlog.next = 1000;
  spends.journal.start(spends.world.now);
  EXPECT_EQ(spends.world.core->lanes()[0]->limits().views(spends.world.now)[0].utilization, 0.0);
}

TEST(SpendsJournal, without_its_record_in_a_damaged_store_a_sink_starts_as_fully_spent) {
  Spends spends;
  spends.world.backlog.clean = false;
  spends.world.backlog.next = 1000;
  spends.world.backlog.shown.quarantined_segments = 1;
  spends.journal.start(spends.world.now);
  EXPECT_EQ(spends.world.core->lanes()[0]->limits().views(spends.world.now)[0].utilization, 1.0);
}

TEST(SpendsJournal, a_queue_s_own_limits_outlive_the_process_too) {
  Config config = CoreWorld::simple();
  LimitConfig limit;
  limit.count = 160;
  limit.per = Duration::hours(1);
  config.queues["q"].limits = {limit};
  config.sinks["s"].pace_off = true;
  config.sinks["s"].concurrency = 1000;
  CoreWorld world(config);
  SpendsJournal journal(*world.core, world.backlog);
  journal.start(world.now);
  world.accept();
  EXPECT_TRUE(world.tick().empty()) << "before the first record is synced";
  world.backlog.flush();
  journal.committed(world.backlog.open_batch() - 1, true);
  EXPECT_EQ(world.tick().size(), 1u);
  for (int i = 0; i < 300; ++i) world.accept();
  size_t sent = 1;
  for (int turn = 0; turn < 100; ++turn) {
    for (const Send& send : world.tick()) {
      ++sent;
      world.core->settled(send.ticket, CoreWorld::delivered(), world.now);
    }
    journal.work(world.now);
    world.backlog.flush();
    journal.committed(world.backlog.open_batch() - 1, true);
  }
  EXPECT_EQ(sent, 160u);
  world.backlog.clean = false;
  world.restart({});
  SpendsJournal next(*world.core, world.backlog);
  next.start(world.now);
  world.backlog.flush();
  next.committed(world.backlog.open_batch() - 1, true);
  world.advance(Duration::minutes(30));
  world.accept();
  EXPECT_TRUE(world.tick().empty());
  world.advance(Duration::minutes(31));
  EXPECT_EQ(world.tick().size(), 1u);
}

}  // namespace
}  // namespace forebay
