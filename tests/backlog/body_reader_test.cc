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
  EXPECT_EQ(world.rig.fetch(world.sequences[0]), "errno " + std::to_string(EIO));
}

}  // namespace
}  // namespace forebay
