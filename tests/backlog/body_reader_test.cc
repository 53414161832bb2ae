// Bodies in memory and read ahead, through the journal.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/backlog/journal_rig.h"

namespace forebay {
namespace {

constexpr size_t body_bytes = 5'000;

std::string body_of(int i) {
  return std::string(body_bytes, static_cast<char>('a' + i % 26));
}

// Short enough to be shown.
std::string brief(std::string_view body) {
  const bool is_whole = body == std::string(body_bytes, body.front());
  return std::string(body.substr(0, 4)) + (is_whole ? "" : " and not what was written");
}

// A journal whose window holds a dozen bodies, and forty messages; the first of them are on disk only.
struct World {
  MemoryFiles disk;
  Rig rig{disk};
  std::vector<Sequence> sequences;

  World() {
    rig.options.window_bytes = 64 * 1024;
    rig.open_or_fail();
    for (int i = 0; i < 40; ++i) {
      sequences.push_back(rig.append(body_of(i)));
      rig.commit();
    }
  }
  std::string held(Sequence sequence) {
    const auto message = rig.journal->held(sequence);
    return message ? brief(message->body) : "not held";
  }
  // As the relay does every turn.
  void prefetch_all() {
    rig.journal->prefetch(sequences);
    rig.run_all();
  }
};

TEST(BodyReader, what_just_arrived_is_held_and_nothing_else_is) {
  World world;
  const uint64_t reads = world.disk.reads;
  EXPECT_EQ(world.held(world.sequences[39]), brief(body_of(39)));
  EXPECT_EQ(world.held(world.sequences[30]), brief(body_of(30)));
  EXPECT_EQ(world.held(world.sequences[0]), "not held") << "out of the window";
  EXPECT_EQ(world.held(1'000'000), "not held");
  const Sequence open = world.rig.append("not committed yet");
  EXPECT_EQ(world.held(open), "not held");
  world.rig.journal->settle(world.sequences[39], Settlement::delivered);
  EXPECT_EQ(world.held(world.sequences[39]), "not held");
  EXPECT_EQ(world.disk.reads, reads);
}

TEST(BodyReader, a_held_message_outlives_the_window) {
  World world;
  const auto message = world.rig.journal->held(world.sequences[39]);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->meta, "meta");
  for (int i = 0; i < 40; ++i) world.rig.append(body_of(i)), world.rig.commit();
  EXPECT_EQ(world.held(world.sequences[39]), "not held");
  EXPECT_EQ(message->body, body_of(39));
}

TEST(BodyReader, reads_ahead_the_first_and_no_more_than_the_window_holds) {
  World world;
  world.prefetch_all();
  const uint64_t reads = world.disk.reads;
  EXPECT_GT(reads, 0u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.held(world.sequences[i]), brief(body_of(i)));
  for (int turn = 0; turn < 10; ++turn) world.prefetch_all();
  EXPECT_EQ(world.disk.reads, reads) << "read again and again while nothing is sent";
}

TEST(BodyReader, what_is_asked_for_again_while_it_is_read_is_read_once) {
  World world;
  for (int turn = 0; turn < 10; ++turn) world.rig.journal->prefetch(world.sequences);
  world.rig.run_all();
  World once;
  once.prefetch_all();
  EXPECT_EQ(world.disk.reads, once.disk.reads);
}

TEST(BodyReader, damaged_bytes_are_not_held) {
  World world;
  for (auto& [name, node] : world.disk.nodes) {
    if (!name.ends_with(".segment")) continue;
    auto& bytes = node->bytes;
    const std::vector run(100, std::byte{'a'});
    for (auto at = bytes.begin(); at != bytes.end(); at += 100) {
      at = std::search(at, bytes.end(), run.begin(), run.end());
      if (at == bytes.end()) break;
      *at = std::byte{'A'};
    }
  }
  world.prefetch_all();
  EXPECT_EQ(world.held(world.sequences[0]), "not held");
  EXPECT_EQ(world.held(world.sequences[1]), brief(body_of(1)));
  EXPECT_EQ(world.rig.fetch(world.sequences[0]), "errno " + std::to_string(EBADMSG));
}

// Everybody works but the reader: a disk that is slow to read.
void turn_without_reader(Rig& rig) {
  rig.clock.time = rig.clock.time + Duration::milliseconds(100);
  rig.journal->flush();
  while (rig.loop.step() || rig.commit_worker.step() || rig.helper.step()) {
  }
}

Backlog::Fetched into(std::string* to) {
  return [to](int error, StoredMessage message) {
    *to = error != 0 ? "errno " + std::to_string(error) : std::string(message.body);
  };
}

// A read that waits behind another pins nothing: its message may move, and its segment be used again.
TEST(BodyReader, a_message_that_moved_while_its_read_waited_is_read_where_it_is) {
  MemoryFiles disk;
  Rig rig(disk);
  rig.options.checkpoint_bytes = 128 * 1024;
  rig.options.window_bytes = 1;  // nothing is kept in memory
  rig.open_or_fail();
  std::vector<Sequence> all;
  const auto numbered = [](Sequence sequence) { return std::to_string(sequence) + std::string(300, '.'); };
  const auto fill = [&](int count) {
    for (int i = 0; i < count; ++i) {
      all.push_back(rig.append(numbered(rig.journal->next_sequence())));
      if (i % 50 == 49) turn_without_reader(rig);
    }
  };
  fill(8000);
  const Sequence moves = all[10], first = all[7990], goes = all[20];
  std::string got_first = "nothing", got = "nothing", got_gone = "nothing";
  rig.journal->fetch(first, into(&got_first));  // under way
  rig.journal->fetch(moves, into(&got));        // these wait for it
  rig.journal->fetch(goes, into(&got_gone));
  for (const Sequence sequence : all) {
    const bool stays = sequence == moves || sequence == first || (sequence % 20 == 0 && sequence != goes);
    if (!stays) rig.journal->settle(sequence, Settlement::delivered);
    if (sequence % 200 == 0) turn_without_reader(rig);
  }
  for (int i = 0; i < 300; ++i) turn_without_reader(rig);
  fill(4000);  // uses what became free
  rig.run_all();
  EXPECT_EQ(got_first, numbered(first));
  EXPECT_EQ(got, numbered(moves)) << "a healthy message became unreadable";
  EXPECT_EQ(got_gone, "errno " + std::to_string(ENOENT)) << "settled meanwhile";
}

// What passes is told apart from what the disk does not hold, and nothing of it sticks.
TEST(BodyReader, a_read_that_fails_once_says_so_and_works_the_next_time) {
  for (const int error : {EIO, ENOMEM, EAGAIN, EINTR}) {
    World world;
    world.disk.on_read = [&](const std::string& name) { return name.ends_with(".segment") ? error : 0; };
    EXPECT_EQ(world.rig.fetch(world.sequences[0]), "errno " + std::to_string(error));
    world.prefetch_all();
    world.disk.on_read = nullptr;
    EXPECT_EQ(brief(world.rig.fetch(world.sequences[0])), brief(body_of(0)));
  }
}

TEST(BodyReader, a_segment_that_was_taken_away_or_cut_short_is_no_passing_trouble) {
  for (const bool gone : {true, false}) {
    World world;
    for (auto& [name, node] : world.disk.nodes) {
      if (name.ends_with(".segment")) node->bytes.resize(4096);
    }
    if (gone) std::erase_if(world.disk.nodes, [](const auto& entry) { return entry.first.ends_with(".segment"); });
    EXPECT_EQ(world.rig.fetch(world.sequences[0]), "errno " + std::to_string(EBADMSG));
  }
}

}  // namespace
}  // namespace forebay
