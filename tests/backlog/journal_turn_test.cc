// How long the journal may hold up the loop: a checkpoint of very many changed messages is one turn's work,
// and must not be felt there.
#include <time.h>

#include "journal_rig.h"

namespace forebay {
namespace {

// Of this thread alone, so that neighbours do not count.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// The longest turn until the next checkpoint is on disk, the helper's work not counted.
double longest_turn_ms(Rig& rig) {
  bool written = false;
  rig.files.on_sync = [&](const std::string& name) {
    written = written || name.starts_with("checkpoint");
    return 0;
  };
  double longest = 0;
  while (!written) {
    rig.append(std::string(10'000, 'x'));
    const double start = cpu_ms();
    rig.journal->flush();
    longest = std::max(longest, cpu_ms() - start);
    while (!rig.commit_worker.tasks.empty() || !rig.helper.tasks.empty() || !rig.loop.tasks.empty()) {
      rig.commit_worker.step() || rig.helper.step();
      const double begin = cpu_ms();
      rig.loop.step();
      longest = std::max(longest, cpu_ms() - begin);
    }
  }
  return longest;
}

TEST(JournalTurn, ACheckpointOfManyChangesDoesNotHoldUpTheLoop) {
  constexpr Sequence messages = 300'000;
  MemoryFiles files;
  Rig rig(files);
  rig.options.segment_bytes = 1 << 20;
  rig.options.checkpoint_bytes = 2 << 20;
  rig.options.max_bytes = 256 << 20;
  rig.open_or_fail();
  for (Sequence i = 0; i < messages; ++i) {
    const Sequence sequence = rig.append("x");
    if (sequence % 2'000 == 0) rig.commit();
  }
  rig.commit();
  for (Sequence sequence = 1; sequence <= messages; ++sequence) {
    if (sequence % 3 == 0) {
      rig.journal->dead({.sequence = sequence, .queue = 1, .reason = "http 404"});
    } else {
      rig.journal->retry(sequence, 1'800'000'000'000, 1);
    }
    if (sequence % 2'000 == 0) rig.commit();
  }
  rig.commit();
  double best = 1e9;
  for (int round = 0; round < 3; ++round) best = std::min(best, longest_turn_ms(rig));
  std::printf("longest turn %.2f ms\n", best);
  EXPECT_LT(best, 5);
}

// The helper writes the picture taken, whatever happens meanwhile.
TEST(JournalTurn, ACheckpointIsOfTheMomentItWasTaken) {
  MemoryFiles files;
  Rig rig(files);
  rig.options.checkpoint_bytes = 16 * 1024;
  rig.open_or_fail();
  rig.run_all();
  std::vector<Sequence> sequences;
  for (int i = 0; i < 3'000; ++i) {
    sequences.push_back(rig.append(std::string(50, 'x')));
    if (i % 100 == 99) {
      rig.journal->flush();
      while (rig.commit_worker.step() || rig.loop.step()) {
      }
    }
    if (i >= 1'000) rig.journal->settle(sequences[i - 1'000], Settlement::delivered);
    if (i >= 500 && i % 3 == 0) rig.journal->retry(sequences[i - 500], 1'800'000'000'000, 2);
    if (i % 250 == 249) {
      while (rig.helper.step()) {
      }
    }
  }
  rig.commit();
  MemoryFiles after = files.copy();
  Rig again(after);
  again.open_or_fail();
  ASSERT_EQ(again.recovered.size(), 1'000u);
  for (size_t i = 0; i < 1'000; ++i) {
    const RecoveredMessage& message = again.recovered[i];
    EXPECT_EQ(message.facts.sequence, sequences[2'000 + i]);
    const bool retried = i < 500 && (i + 2'500) % 3 == 0;
    EXPECT_EQ(message.attempts, retried ? 2 : 0) << message.facts.sequence;
  }
}

}  // namespace
}  // namespace forebay
