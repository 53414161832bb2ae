// What a crash leaves of attempts that were under way.
#include <gtest/gtest.h>

#include "journal_rig.h"

namespace forebay {
namespace {

// What came of it is not on the disk: the attempt is all that is known.
TEST(Attempts, AnAttemptIsKnownUntilItsEndIsCommitted) {
  MemoryFiles disk, between;
  {
    Rig rig(disk);
    rig.open_or_fail();
    const Sequence sequence = rig.append("sent");
    rig.commit();
    rig.journal->attempt_begun(sequence, 1);
    rig.journal->write_attempts();
    rig.journal->attempt_over(sequence);
    rig.journal->settle(sequence, Settlement::delivered);
    rig.journal->write_attempts();
    between = disk.copy();
    rig.commit();
    rig.journal->write_attempts();
  }
  Rig killed(between);
  killed.open_or_fail();
  ASSERT_EQ(killed.recovered.size(), 1u);
  EXPECT_TRUE(killed.recovered[0].crashed_in_flight);
  disk = disk.copy();
  Rig later(disk);
  later.open_or_fail();
  EXPECT_TRUE(later.recovered.empty());
}

TEST(Attempts, AnAttemptThatACrashInterruptedIsCountedEveryTime) {
  MemoryFiles disk;
  Sequence poison = 0, done = 0;
  {
    Rig rig(disk);
    rig.open_or_fail();
    poison = rig.append("poison");
    done = rig.append("done");
    rig.commit();
    rig.journal->attempt_begun(poison, 1);
    rig.journal->attempt_begun(done, 1);
    rig.journal->write_attempts();
    rig.journal->attempt_over(done);
    rig.journal->flush();  // nothing came of it that would be on its way to the disk
    rig.journal->write_attempts();
  }
  for (uint8_t crash = 1; crash <= 3; ++crash) {
    disk = disk.copy();
    Rig rig(disk);
    rig.open_or_fail();
    ASSERT_EQ(rig.recovered.size(), 2u);
    EXPECT_EQ(rig.recovered[0].attempts, crash);
    EXPECT_TRUE(rig.recovered[0].crashed_in_flight);
    EXPECT_EQ(rig.recovered[1].attempts, 0);
    EXPECT_FALSE(rig.recovered[1].crashed_in_flight);
    disk = disk.copy();  // and dies again before anything begins
    Rig at_once(disk);
    at_once.open_or_fail();
    EXPECT_EQ(at_once.recovered[0].attempts, crash);
    at_once.journal->attempt_begun(poison, static_cast<uint8_t>(crash + 1));
    at_once.journal->write_attempts();
  }
}

}  // namespace
}  // namespace forebay
