// Random traffic against an oracle, the journal's workers stepped in any interleaving, ended by a clean stop
// or by kill -9 at any moment, again and again on the same store.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "journal_rig.h"

namespace forebay {
namespace {

struct Expected {
  std::string body;
  uint8_t attempts = 0;
  bool dead = false;
  int64_t due_ms = 0;
  std::string reason;
};

class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {}

  void live(MemoryFiles& disk, int turns) {
    rig_ = std::make_unique<Rig>(disk);
    // Little room: segments are sealed, recycled and compacted all the time.
    rig_->options.segment_bytes = 16 * 1024;
    rig_->options.checkpoint_bytes = 64 * 1024;
    rig_->options.max_bytes = 1 << 20;
    rig_->options.window_bytes = 32 * 1024;
    ASSERT_NO_FATAL_FAILURE(rig_->open_or_fail());
    check_recovered();
    if (testing::Test::HasFailure()) return;
    for (int turn = 0; turn < turns; ++turn) {
      act();
      rig_->clock.time = rig_->clock.time + Duration::milliseconds(20);
      rig_->journal->flush();
      for (uint64_t steps = random_() % 6; steps > 0; --steps) rig_->step_random(random_);
    }
  }

  void stop() { rig_->journal->close(); }

  MemoryFiles crash(MemoryFiles& disk) {
    rig_->run_all();  // a kill at a moment when all is told: so the oracle knows what to expect
    MemoryFiles left = disk.copy();
    rig_.reset();
    return left;
  }

 private:
  Sequence any_alive() {
    auto at = expected_.lower_bound(1 + random_() % (last_ + 1));
    return at == expected_.end() ? expected_.begin()->first : at->first;
  }

  void act() {
    const bool draining = phase_++ / 60 % 2 == 1;
    for (uint64_t n = random_() % (draining ? 4 : 12); n > 0; --n) {
      const std::string body(100 + random_() % 600, static_cast<char>('a' + random_() % 26));
      if (rig_->journal->room(body.size() + 4) != 0) break;
      const Sequence sequence = rig_->append(body, 2);
      pending_[rig_->journal->open_batch()].push_back(sequence);
      bodies_[sequence] = body;
      last_ = sequence;
    }
    collect();
    for (uint64_t n = random_() % (draining ? 24 : 6); n > 0 && !expected_.empty(); --n) change(any_alive());
    if (random_() % 8 == 0) {
      const std::string name = "note" + std::to_string(random_() % 3);
      const std::string value = random_() % 4 == 0 ? "" : std::to_string(random_());
      rig_->journal->note(name, value);
      notes_[name] = value;
    }
    if (!expected_.empty() && random_() % 3 == 0) read(any_alive());
  }

  // What was reported may be changed and fetched.
  void collect() {
    for (const auto& [batch, error] : rig_->committed) {
      ASSERT_EQ(error, 0) << "batch " << batch;
      for (const Sequence sequence : pending_[batch]) expected_[sequence] = {bodies_[sequence]};
      pending_.erase(batch);
    }
    rig_->committed.clear();
  }

  void change(Sequence sequence) {
    Expected& entry = expected_[sequence];
    switch (random_() % 8) {
      case 0:
        if (entry.dead) return;
        ++entry.attempts;
        entry.due_ms = 1'700'000'000'000 + static_cast<int64_t>(random_() % 1'000'000);
        return rig_->journal->retry(sequence, entry.due_ms, entry.attempts);
      case 1:
        if (entry.dead) return;
        entry.dead = true;
        entry.reason = "http " + std::to_string(400 + random_() % 100);
        return rig_->journal->dead({sequence, 2, entry.attempts, 1, 2, entry.reason, "excerpt"});
      case 2:
        if (!entry.dead) return;
        entry = {entry.body, 0, false, 42, ""};
        return rig_->journal->revive(sequence, 42);
      default:
        rig_->journal->settle(sequence, Settlement::delivered);
        expected_.erase(sequence);
    }
  }

  void read(Sequence sequence) {
    rig_->journal->fetch(sequence, [this, sequence, body = expected_[sequence].body](int error, StoredMessage message) {
      if (error == ENOENT) return;  // settled meanwhile
      EXPECT_EQ(error, 0) << "sequence " << sequence;
      EXPECT_EQ(message.body, body) << "sequence " << sequence;
    });
  }

  void check_recovered() {
    ASSERT_EQ(rig_->journal->recovery().quarantined_segments, 0u) << rig_->journal->recovery().complaints.front();
    ASSERT_EQ(rig_->journal->recovery().lost_messages, 0u);
    // Reported as committed, or written by close() and not reported.
    for (const auto& [batch, sequences] : pending_) {
      for (const Sequence sequence : sequences) expected_[sequence] = {bodies_[sequence]};
    }
    pending_.clear();
    Sequence before = 0;
    size_t found = 0;
    for (const RecoveredMessage& message : rig_->recovered) {
      const Sequence sequence = message.facts.sequence;
      ASSERT_LT(before, sequence) << "told in rising order, once";
      before = sequence;
      const auto at = expected_.find(sequence);
      ASSERT_NE(at, expected_.end()) << "sequence " << sequence << " came back";
      ++found;
      EXPECT_EQ(message.dead, at->second.dead);
      EXPECT_EQ(message.attempts, at->second.attempts);
      EXPECT_TRUE(message.dead || message.facts.due_ms == at->second.due_ms);
      const auto letter = rig_->journal->dead_letter(sequence);
      EXPECT_EQ(letter.has_value(), at->second.dead);
      EXPECT_EQ(letter ? letter->reason : "", at->second.reason);
      EXPECT_EQ(rig_->fetch(sequence), at->second.body);
    }
    ASSERT_EQ(found, expected_.size());
    for (const auto& [name, value] : notes_) EXPECT_EQ(rig_->journal->noted(name), value);
    EXPECT_GT(rig_->journal->next_sequence(), last_);
  }

  std::mt19937_64 random_;
  std::unique_ptr<Rig> rig_;
  std::map<Sequence, Expected> expected_;
  std::map<uint64_t, std::vector<Sequence>> pending_;
  std::map<Sequence, std::string> bodies_;
  std::map<std::string, std::string> notes_;
  Sequence last_ = 0;
  uint64_t phase_ = 0;
};

class JournalProperty : public testing::TestWithParam<uint64_t> {};

TEST_P(JournalProperty, HoldsWhatTheOracleHolds) {
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  World world(GetParam());
  MemoryFiles disk;
  for (int life = 0; life < 6 && !HasFailure(); ++life) {
    ASSERT_NO_FATAL_FAILURE(world.live(disk, 250));
    if (life % 2 == 0) world.stop();
    MemoryFiles left = world.crash(disk);
    disk = std::move(left);
    EXPECT_LE(disk.total_bytes(), 1u << 20);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, JournalProperty, testing::Range<uint64_t>(1, 13));

}  // namespace
}  // namespace forebay
