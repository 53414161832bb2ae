// SimBacklog keeps what a disk would keep, and forgets what it would forget.
#include <gtest/gtest.h>

#include "sim/sim_backlog.h"

namespace forebay::sim {
namespace {

class Syncs : public BacklogListener {
 public:
  std::vector<uint64_t> batches;
  void on_committed(uint64_t batch, int) override { batches.push_back(batch); }
  void on_broken(const std::string&) override {}
  void on_synced(Duration, uint32_t) override {}
};

class SimBacklogs : public testing::Test {
 protected:
  SimBacklogs() { backlog.set_listener(&syncs, nullptr); }

  void at(int64_t ms) {
    now = Instant{} + Duration::milliseconds(ms);
    backlog.set_now(now);
    backlog.work();
  }
  void append(Sequence sequence) {
    MessageFacts facts;
    facts.sequence = sequence;
    facts.queue = 1;
    facts.key = 77;
    facts.klass = 3;
    facts.cost = 2;
    backlog.append(std::span(&facts, 1), {}, {});
    backlog.flush();
  }

  Syncs syncs;
  SimBacklog backlog{{Duration::milliseconds(2), Duration::milliseconds(2)}, 1};
  Instant now;
};

TEST_F(SimBacklogs, a_commit_takes_its_time_and_the_next_takes_what_came_meanwhile) {
  at(0);
  append(1);
  at(1);
  append(2);
  append(3);
  EXPECT_TRUE(syncs.batches.empty());
  at(2);
  EXPECT_EQ(syncs.batches, (std::vector<uint64_t>{1}));
  EXPECT_EQ(backlog.work_due(), Instant{} + Duration::milliseconds(4));
  at(4);
  EXPECT_EQ(syncs.batches, (std::vector<uint64_t>{1, 2, 3}));
}

TEST_F(SimBacklogs, a_power_cut_keeps_what_was_synced) {
  at(0);
  append(1);
  at(2);
  append(2);
  backlog.crash(SimBacklog::Crash::power_cut);
  ASSERT_EQ(backlog.recoverable().size(), 1u);
  EXPECT_EQ(backlog.next_sequence(), 2u);
  const MessageFacts kept = backlog.recoverable().front().facts;
  EXPECT_EQ(kept.key, 77u);
  EXPECT_EQ(kept.klass, 3u);
  EXPECT_EQ(kept.cost, 2u);
  EXPECT_FALSE(backlog.stopped_cleanly());
}

TEST_F(SimBacklogs, a_kill_keeps_what_was_being_written) {
  at(0);
  append(1);
  append(2);  // behind the commit that is running
  backlog.crash(SimBacklog::Crash::killed);
  EXPECT_EQ(backlog.recoverable().size(), 1u);
  EXPECT_EQ(backlog.next_sequence(), 2u);
}

TEST_F(SimBacklogs, attempts_under_way_are_marked_and_survive_a_kill_only) {
  for (const auto how : {SimBacklog::Crash::killed, SimBacklog::Crash::power_cut}) {
    at(now.ns / 1'000'000 + 10);
    const Sequence sequence = backlog.next_sequence();
    append(sequence);
    at(now.ns / 1'000'000 + 10);
    backlog.attempt_begun(sequence, 1);
    backlog.write_attempts();
    backlog.crash(how);
    const RecoveredMessage back = backlog.recoverable().back();
    EXPECT_EQ(back.crashed_in_flight, how == SimBacklog::Crash::killed);
    EXPECT_EQ(back.attempts, how == SimBacklog::Crash::killed ? 1 : 0);
  }
}

TEST_F(SimBacklogs, settles_wait_for_company) {
  at(0);
  append(1);
  at(2);
  backlog.settle(1, Settlement::delivered);
  backlog.flush();
  EXPECT_EQ(backlog.work_due(), now + settles_wait);
  at(10);
  append(2);
  EXPECT_EQ(backlog.work_due(), now + Duration::milliseconds(2));
  at(12);
  EXPECT_EQ(backlog.recoverable().size(), 1u);
}

TEST_F(SimBacklogs, a_settle_is_written_at_once_and_synced_later) {
  for (const auto how : {SimBacklog::Crash::power_cut, SimBacklog::Crash::killed}) {
    at(now.ns / 1'000'000 + 10);
    if (backlog.recoverable().empty()) append(1);
    at(now.ns / 1'000'000 + 10);
    backlog.settle(1, Settlement::delivered);
    backlog.flush();
    backlog.crash(how);
    EXPECT_EQ(backlog.recoverable().size(), how == SimBacklog::Crash::killed ? 0u : 1u);
  }
}

TEST_F(SimBacklogs, retries_letters_and_notes_are_kept) {
  at(0);
  append(1);
  append(2);
  at(10);
  at(20);
  backlog.retry(1, 5'000, 3);
  DeadLetter letter;
  letter.sequence = 2;
  letter.attempts = 4;
  letter.reason = "http 400";
  backlog.dead(letter);
  backlog.note("spends:s", "x");
  backlog.flush();
  at(30);
  backlog.crash(SimBacklog::Crash::power_cut);
  const auto back = backlog.recoverable();
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].attempts, 3);
  EXPECT_EQ(back[0].facts.due_ms, 5'000);
  EXPECT_TRUE(back[1].dead);
  EXPECT_EQ(backlog.dead_letter(2)->reason, "http 400");
  EXPECT_EQ(backlog.noted("spends:s"), "x");
}

}  // namespace
}  // namespace forebay::sim
