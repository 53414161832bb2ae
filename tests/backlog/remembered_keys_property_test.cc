// Random keyed traffic against a model in a std::map, on a disk that fails writes, loses what was not synced, and stops
// at any moment: what was acknowledged is found until its window is over, and what is found is a message that was kept.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "backlog/journal.h"
#include "backlog/remembered_keys.h"
#include "sim/faulty_disk.h"
#include "sim/step_worker.h"

namespace forebay {
namespace {

constexpr uint64_t keys = 400;

class FakeClock : public Clock {
 public:
  Now now() override { return {time, WallTime::from_ms(1'700'000'000'000 + time.ns / 1'000'000)}; }
  Instant time{1'000'000'000};
};

// A process: a journal on the faulty disk, its workers stepped by hand.
class Process : public BacklogListener {
 public:
  Process(FaultyDisk& disk, Clock& clock, uint64_t seed) : files(disk.files()), workers(seed) {
    options.segment_bytes = 64 * 1024;
    options.checkpoint_bytes = 256 * 1024;
    options.max_bytes = 16ull << 20;
    options.keys_bytes = 16 * 64 * 48;  // little room: files are filled and dropped all the time
    options.new_store_id = 7;
    options.new_id_key.fill(5);
    const JournalPorts ports{
        *files, workers.add("commit"), workers.add("helper"), workers.add("reader"), workers.add("loop"), clock, *this};
    if (Journal::open(ports, options, &journal, &error) != 0) return;
    const auto keep = [this](std::span<const RecoveredMessage> some) {
      for (const RecoveredMessage& message : some) recovered.insert(message.facts.sequence);
    };
    if (journal->recover(keep, &error) != 0) journal.reset();
  }
  void on_committed(uint64_t batch, int messages_error) override { committed.emplace_back(batch, messages_error); }
  void on_broken(const std::string&) override { broken = true; }
  void on_synced(Duration, uint32_t) override {}

  std::unique_ptr<Files> files;
  StepScheduler workers;
  JournalOptions options;
  std::string error;
  std::set<Sequence> recovered;
  std::vector<std::pair<uint64_t, int>> committed;
  bool broken = false;
  std::unique_ptr<Journal> journal;
};

// What a key may stand for.
struct Known {
  Sequence first = 0;
  size_t copies = 1;
  Duration window;
  bool acknowledged = false;
  std::set<Sequence> alive;
  Instant ended;     // of the last copy
  Instant at_least;  // remembered until then, if none is alive
  Instant at_most;
};

class World {
 public:
  explicit World(uint64_t seed) : random_(seed), disk_(seed) {}

  void live(int turns) {
    process_ = std::make_unique<Process>(disk_, clock_, random_());
    ASSERT_TRUE(process_->journal) << process_->error;
    compare_with_recovered();
    if (random_() % 2 == 0) plan_fault();
    for (int turn = 0; turn < turns && !process_->broken && !disk_.is_cut() && !disk_.is_stopped(); ++turn) {
      act();
      clock_.time = clock_.time + Duration::milliseconds(static_cast<int64_t>(random_() % 60));
      process_->journal->flush();
      for (uint64_t steps = random_() % 8; steps > 0; --steps) process_->workers.step();
      collect();
      if (::testing::Test::HasFailure()) return;
    }
  }

  void end() {
    const bool clean = random_() % 4 == 0 && !process_->broken;
    if (clean) {
      process_->workers.run_all();
      collect();
      process_->journal->close();
      process_->workers.run_all();
      collect();
    }
    disk_.kill();
    process_->workers.forget_all();
    process_.reset();
    if (disk_.is_cut() || random_() % 2 == 0) {
      constexpr Forget ways[] = {Forget::all, Forget::tail, Forget::random};
      disk_.reopen(ways[random_() % 3]);
    }
    disk_.lift();
    for (auto& [batch, under] : pending_) lost_.insert(lost_.end(), under.begin(), under.end());
    pending_.clear();
    batch_of_.clear();
  }
  uint64_t duplicates() const { return duplicates_; }
  uint64_t forgotten() const { return forgotten_; }

 private:
  void plan_fault() {
    Fault fault;
    constexpr Fault::Kind kinds[] = {Fault::Kind::fail, Fault::Kind::torn_write, Fault::Kind::cut, Fault::Kind::stop,
                                     Fault::Kind::lose_sync};
    fault.kind = kinds[random_() % 5];
    fault.at = disk_.operations() + 1 + random_() % 120;
    fault.error = random_() % 2 == 0 ? ENOSPC : EIO;
    if (fault.kind == Fault::Kind::fail) {
      fault.calls = only(DiskCall::write);
      fault.until = fault.at + 1 + random_() % 20;
    }
    if (fault.kind == Fault::Kind::lose_sync) fault.calls = only(DiskCall::sync);
    disk_.plan(fault);
  }

  void act() {
    for (uint64_t n = random_() % 5; n > 0; --n) publish(1 + random_() % keys);
    for (uint64_t n = random_() % 6; n > 0 && !model_.empty(); --n) {
      auto at = model_.lower_bound(1 + random_() % keys);
      if (at == model_.end()) at = model_.begin();
      if (at->second.acknowledged && !at->second.alive.empty()) settle(at->second, *at->second.alive.begin());
    }
  }

  // As the relay does: what is under way is left alone, what is known is a duplicate.
  void publish(uint64_t key) {
    if (batch_of_.contains(key)) return;
    Journal& journal = *process_->journal;
    const auto places = journal.key_places(key);
    if (places.empty()) {
      expect_unknown(key);
      return append(key);
    }
    journal.read_keys(key, places, [this, key, places](int error, std::vector<RememberedKey> found) {
      if (error != 0 || batch_of_.contains(key) || process_->journal->key_places(key) != places) return;
      // The end of an older one may have gone with the power: the newest decides.
      if (found.empty() || !process_->journal->still_remembered(found.back())) {
        expect_unknown(key);
        return append(key);
      }
      ++duplicates_;
      const RememberedKey& newest = found.back();
      const auto known = model_.find(key);
      ASSERT_NE(known, model_.end()) << "key " << key << " stands for a message that never was";
      EXPECT_EQ(newest.copies[0].sequence, known->second.first);
      EXPECT_EQ(newest.copies.size(), known->second.copies);
      EXPECT_EQ(newest.content, known->second.first * 3) << "what was remembered with it";
      // One whose end is still on its way to the disk is remembered, and so is one whose end could not be written.
      const bool ended = std::ranges::none_of(newest.copies, [](const KeyedCopy& copy) { return copy.ended_ms == 0; });
      EXPECT_TRUE(!ended || !known->second.alive.empty() || clock_.time < known->second.at_most)
          << "remembered for too long";
    });
  }

  void expect_unknown(uint64_t key) {
    const auto known = model_.find(key);
    if (known == model_.end()) return;
    ++forgotten_;
    EXPECT_TRUE(known->second.alive.empty() && clock_.time >= known->second.at_least)
        << "key " << key << " of message " << known->second.first << " is forgotten too soon";
  }

  void append(uint64_t key) {
    Journal& journal = *process_->journal;
    const size_t copies = 1 + (random_() % 4 == 0 ? random_() % 3 : 0);
    if (!journal.key_room(copies) || journal.room(100, copies) != 0) return;
    Known known{.first = journal.next_sequence(), .copies = copies};
    known.window = Duration::milliseconds(10 * static_cast<int64_t>(random_() % 200));
    std::vector<MessageFacts> facts(copies);
    RememberedKey remembered{key, known.first * 3, known.window, {}};
    for (size_t i = 0; i < copies; ++i) {
      facts[i].sequence = known.first + i;
      facts[i].queue = 1;
      facts[i].accepted_ms = clock_.now().wall.ms();
      facts[i].bytes = 64;
      known.alive.insert(known.first + i);
      remembered.copies.push_back({known.first + i, 1, 0});
    }
    journal.append(facts, "meta", std::string(60, 'x'));
    journal.remember(remembered);
    batch_of_[key] = journal.open_batch();
    pending_[journal.open_batch()].emplace_back(key, known);
  }

  void collect() {
    for (const auto& [batch, error] : std::exchange(process_->committed, {})) {
      for (auto& [key, known] : pending_[batch]) {
        batch_of_.erase(key);
        if (error != 0) continue;
        known.acknowledged = true;
        model_[key] = known;
      }
      pending_.erase(batch);
    }
  }

  void settle(Known& known, Sequence sequence) {
    process_->journal->settle(sequence, Settlement::delivered);
    known.alive.erase(sequence);
    known.ended = clock_.time;
    known.at_least = known.at_most = clock_.time + known.window;
  }

  // What was under way at the end was kept or not; what was settled may have come back, or its end be lost.
  void compare_with_recovered() {
    for (auto& [key, known] : std::exchange(lost_, {})) {
      const bool kept = process_->recovered.contains(known.first);
      if (!kept) continue;
      // Its key may be lost with the power, unsynced: it was never acknowledged.
      bool found = false;
      process_->journal->read_keys(key, process_->journal->key_places(key), [&](int, std::vector<RememberedKey> all) {
        for (const RememberedKey& one : all) found = found || one.copies[0].sequence == known.first;
      });
      process_->workers.run_all();
      known.acknowledged = true;
      if (found) model_[key] = known;
    }
    for (auto& [key, known] : model_) {
      for (Sequence copy = known.first; copy < known.first + known.copies; ++copy) {
        const bool alive = process_->recovered.contains(copy);
        ASSERT_TRUE(alive || !known.alive.contains(copy)) << "acknowledged message " << copy << " is lost";
        if (alive) known.alive.insert(copy);
      }
      known.at_most = std::max(known.at_most, clock_.time + known.window + Duration::milliseconds(1));
    }
  }

  std::mt19937_64 random_;
  FaultyDisk disk_;
  FakeClock clock_;
  std::unique_ptr<Process> process_;
  std::map<uint64_t, Known> model_;
  std::map<uint64_t, std::vector<std::pair<uint64_t, Known>>> pending_;
  std::map<uint64_t, uint64_t> batch_of_;
  std::vector<std::pair<uint64_t, Known>> lost_;
  uint64_t duplicates_ = 0, forgotten_ = 0;
};

class RememberedKeysProperty : public testing::TestWithParam<uint64_t> {};

TEST_P(RememberedKeysProperty, HoldsWhatTheModelHolds) {
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  World world(GetParam());
  for (int life = 0; life < 8 && !HasFailure(); ++life) {
    ASSERT_NO_FATAL_FAILURE(world.live(200));
    world.end();
  }
  EXPECT_GT(world.duplicates(), 0u);
  EXPECT_GT(world.forgotten(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RememberedKeysProperty, testing::Range<uint64_t>(1, 41));

// A key that is found has its message: else the producer that sends it again is told of one that is not there.
TEST(RememberedKeysTakenBack, AreNotFoundAndLetNoMessagePassUntilTheyAreGone) {
  FaultyDisk disk(1);
  const auto files = disk.files();
  RememberedKeys remembered(*files, {.store_id = 1});
  const auto record = [](uint64_t key, Sequence sequence) {
    return KeyRecord{.key = key, .content = 1, .sequence = sequence, .window = 100, .queue = 1, .copies = 1};
  };
  const KeyRecord kept = record(11, 1), refused = record(12, 2);
  ASSERT_EQ(remembered.write({&kept, 1}), 0);
  ASSERT_EQ(remembered.sync(), "");
  ASSERT_EQ(remembered.write({&refused, 1}), 0);
  disk.plan({.at = disk.operations() + 1, .until = UINT64_MAX, .calls = only(DiskCall::truncate)});
  remembered.withdraw();
  EXPECT_TRUE(remembered.find(12).empty());
  EXPECT_EQ(remembered.find(11).size(), 1u);
  EXPECT_EQ(remembered.write({}), EIO) << "a later message's sequence would vouch for the key";
  disk.lift();
  ASSERT_EQ(remembered.write({}), 0);
  disk.cut();
  disk.reopen(Forget::all);
  const auto after = disk.files();
  RememberedKeys again(*after, {.store_id = 1});
  std::vector<std::string> complaints;
  std::string error;
  ASSERT_EQ(again.open(
                100, [](Sequence) { return true; }, 0, &complaints, &error),
            0)
      << error;
  EXPECT_EQ(again.records(), 1u) << "it is gone for good";
}

}  // namespace
}  // namespace forebay
