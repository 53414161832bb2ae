// The journal on real files and real threads.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "threaded_rig.h"

namespace forebay {
namespace {

TEST(JournalThreads, ABusyStoreIsWholeAfterACrashAndAfterAStop) {
  const ScratchDirectory directory;
  std::map<Sequence, std::string> expected;
  std::mt19937_64 random(11);
  for (int life = 0; life < 3; ++life) {
    ThreadedRig rig(directory.path());
    rig.options.segment_bytes = 128 * 1024;
    rig.options.checkpoint_bytes = 512 * 1024;
    rig.options.window_bytes = 64 * 1024;
    ASSERT_EQ(rig.open(), 0) << rig.error;
    ASSERT_EQ(rig.recovered_messages, expected.size());
    uint64_t fetched = 0;
    for (int turn = 0; turn < 300; ++turn) {
      std::map<Sequence, std::string> fresh;
      for (uint64_t n = random() % 40; n > 0; --n) {
        MessageFacts facts;
        facts.sequence = rig.journal->next_sequence();
        facts.queue = 1;
        const std::string body(200 + random() % 200, static_cast<char>('a' + n % 26));
        rig.journal->append({&facts, 1}, "", body);
        fresh[facts.sequence] = body;
      }
      for (uint64_t n = random() % 36; n > 0 && !expected.empty(); --n) {
        const auto at = expected.begin();
        rig.journal->fetch(at->first, [&fetched, body = at->second](int error, const StoredMessage& message) {
          EXPECT_TRUE(error == 0 || error == ENOENT);
          EXPECT_TRUE(error != 0 || message.body == body);
          ++fetched;
        });
        if (n % 3 != 0) rig.journal->settle(at->first, Settlement::delivered);
        if (n % 3 != 0) expected.erase(at);
      }
      rig.commit();
      expected.merge(fresh);
    }
    EXPECT_GT(fetched, 0u);
    EXPECT_EQ(rig.errors, 0u);
    EXPECT_EQ(rig.broken, "");
    if (life == 1) rig.journal->close();
  }
}

}  // namespace
}  // namespace forebay
