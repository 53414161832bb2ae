// Dead letters as operators see them: pages, replays, purges.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/relay/desk_world.h"

namespace forebay {
namespace {

using Kind = Outcome::Kind;

DeadPage page(DeskWorld& world, const std::string& cursor, uint32_t limit) {
  const auto answer = world.relay->admin().dead("q", cursor, limit);
  EXPECT_TRUE(std::holds_alternative<DeadPage>(answer));
  return std::holds_alternative<DeadPage>(answer) ? std::get<DeadPage>(answer) : DeadPage{};
}

void append_ids(const DeadPage& from, std::vector<std::string>* ids) {
  for (const DeadLetterView& letter : from.letters) ids->push_back(letter.id);
}

// All that follows the cursor, page by page.
std::vector<std::string> ids_after(DeskWorld& world, std::string cursor, uint32_t limit = 3) {
  std::vector<std::string> ids;
  do {
    const DeadPage next = page(world, cursor, limit);
    append_ids(next, &ids);
    cursor = next.next;
  } while (!cursor.empty());
  return ids;
}

// Ten letters that die in an order of their own, three of them in each millisecond; ids in order of burial.
std::vector<std::string> bury_ten(DeskWorld& world) {
  world.hold_all();
  for (int i = 0; i < 10; ++i) world.accept();
  world.turn();
  EXPECT_EQ(world.sink.deliveries.size(), 10u);
  std::vector<std::string> ids;
  for (size_t i = 0; i < 10; ++i) {
    const Delivery& delivery = world.sink.deliveries[i * 7 % 10];
    ids.emplace_back(delivery.message_id);
    world.relay->dispatcher().on_outcome(delivery.ticket, CoreWorld::outcome(Kind::dead, 400));
    world.advance(Duration::milliseconds(1));
  }
  return ids;
}

uint64_t purge(DeskWorld& world, const std::string& id = "") {
  return std::get<uint64_t>(world.change([&](uint64_t token, PublishListener& listener) {
    return world.relay->admin().purge_dead("q", id, token, listener);
  }));
}

uint64_t replay(DeskWorld& world, const std::string& id = "") {
  return std::get<uint64_t>(world.change([&](uint64_t token, PublishListener& listener) {
    return world.relay->admin().replay_dead("q", id, token, listener);
  }));
}

TEST(BurialOrder, are_listed_in_order_of_burial) {
  DeskWorld world(two_queues());
  const auto ids = bury_ten(world);
  EXPECT_EQ(ids_after(world, ""), ids);
  EXPECT_EQ(ids_after(world, "", 10), ids);
  EXPECT_EQ(page(world, "", 10).next, "") << "a full last page is the last";
  const DeadPage first = page(world, "", 1);
  EXPECT_EQ(first.total, 10u);
  EXPECT_EQ(first.letters[0].reason, "http 400");
  EXPECT_EQ(first.letters[0].attempts, 1u);
}

TEST(BurialOrder, a_page_goes_on_when_the_letter_of_its_cursor_is_gone) {
  for (const bool replayed : {false, true}) {
    DeskWorld world(two_queues());
    world.relay->core().pause_queue(2, true);
    const auto ids = bury_ten(world);
    const DeadPage first = page(world, "", 4);
    world.relay->core().pause_queue(1, true);
    replayed ? replay(world, ids[3]) : purge(world, ids[3]);
    EXPECT_EQ(ids_after(world, first.next), std::vector(ids.begin() + 4, ids.end()));
  }
}

TEST(BurialOrder, paging_neither_repeats_nor_skips_what_stays_while_others_leave) {
  DeskWorld world(two_queues());
  const auto ids = bury_ten(world);
  std::vector<std::string> seen;
  DeadPage at = page(world, "", 2);
  append_ids(at, &seen);
  const std::set<std::string> gone = {ids[1], ids[2], ids[6]};
  for (const std::string& id : gone) purge(world, id);
  while (!at.next.empty()) {
    at = page(world, at.next, 2);
    append_ids(at, &seen);
  }
  std::vector<std::string> expected;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i < 2 || !gone.contains(ids[i])) expected.push_back(ids[i]);
  }
  EXPECT_EQ(seen, expected);
}

TEST(BurialOrder, one_that_was_replayed_and_died_again_is_listed_once_and_last) {
  DeskWorld world(two_queues());
  auto ids = bury_ten(world);
  replay(world, ids[0]);
  world.turn();
  world.relay->dispatcher().on_outcome(world.sink.deliveries.back().ticket, CoreWorld::outcome(Kind::dead, 400));
  std::rotate(ids.begin(), ids.begin() + 1, ids.end());
  EXPECT_EQ(ids_after(world, ""), ids);
  EXPECT_EQ(page(world, "", 1).total, 10u);
}

TEST(BurialOrder, keep_their_order_and_the_time_they_died_over_a_restart) {
  DeskWorld world(two_queues());
  const auto ids = bury_ten(world);
  const DeadPage first = page(world, "", 4);
  std::vector<RecoveredMessage> recovered;
  for (Sequence sequence = 1; sequence <= 10; ++sequence) {
    RecoveredMessage message;
    message.facts.sequence = sequence;
    message.facts.queue = 1;
    message.facts.accepted_ms = 1'600'000'000'000;
    message.dead = true;
    recovered.push_back(message);
  }
  world.advance(Duration::minutes(1));
  world.restart(recovered);
  EXPECT_EQ(ids_after(world, first.next), std::vector(ids.begin() + 4, ids.end()));
  EXPECT_EQ(page(world, "", 1).letters[0].died, first.letters[0].died);
  world.turn();
  EXPECT_EQ(world.queue().dead, 10u) << "their ttl counts from their death";
}

TEST(BurialOrder, a_cursor_that_is_none_is_refused) {
  DeskWorld world(two_queues());
  const auto ids = bury_ten(world);
  const std::string cursor = page(world, "", 4).next;
  const std::string other = "1" + cursor.substr(cursor.find('-') + 1);
  for (const std::string& wrong : {std::string("x"), std::string("-"), ids[0], cursor + "x", "x" + cursor, other}) {
    const auto answer = world.relay->admin().dead("q", wrong, 4);
    ASSERT_TRUE(std::holds_alternative<Problem>(answer)) << wrong;
    EXPECT_EQ(std::get<Problem>(answer).status, 400);
  }
  EXPECT_TRUE(std::holds_alternative<Problem>(world.relay->admin().dead("r", cursor, 4))) << "of another queue";
}

TEST(BurialOrder, one_is_replayed_or_purged_by_its_id_and_answered_after_the_sync) {
  DeskWorld world(two_queues());
  const auto ids = bury_ten(world);
  world.commit();
  const uint64_t replayed = replay(world, ids[0]), purged = purge(world, ids[1]);
  EXPECT_FALSE(world.answers.contains(replayed) || world.answers.contains(purged));
  world.commit();
  EXPECT_EQ(world.answers[replayed].changed, 1u);
  EXPECT_EQ(world.answers[purged].changed, 1u);
  EXPECT_EQ(world.status(ids[0]).state, "ready");
  EXPECT_EQ(world.status(ids[1]).state, "dead");
}

// A purge or a replay of many visits each letter once, at most 2,000 a turn.
TEST(BurialOrder, a_million_are_purged_or_replayed_in_slices_that_visit_each_once) {
  constexpr uint64_t count = 1'000'000, slice = 2'000;
  for (const bool replays : {false, true}) {
    DeskWorld world(two_queues());
    std::vector<RecoveredMessage> recovered(count);
    for (uint64_t i = 0; i < count; ++i) {
      recovered[i].facts.sequence = i + 1;
      recovered[i].facts.queue = 1;
      recovered[i].facts.accepted_ms = world.clock.at.wall.ms();
      recovered[i].dead = true;
    }
    world.restart(recovered);
    world.relay->core().pause_queue(1, true);
    const uint64_t token = replays ? replay(world) : purge(world);
    uint64_t turns = 0, most = 0;
    for (; !world.answers.contains(token); ++turns) {
      const size_t before = world.backlog.changes.size();
      world.turn();
      most = std::max<uint64_t>(most, world.backlog.changes.size() - before);
    }
    EXPECT_EQ(world.answers[token].changed, count);
    EXPECT_EQ(world.backlog.changes.size(), count) << "each once";
    EXPECT_EQ(most, slice);
    EXPECT_EQ(turns, count / slice);
    EXPECT_EQ(world.queue().dead, 0u);
    EXPECT_TRUE(world.queue().dead_letters.empty());
    EXPECT_EQ(world.queue().ready, replays ? count : 0u);
  }
}

// Messages of other queues are passed over once, not once a slice, and not all in one turn.
TEST(BurialOrder, a_purge_of_what_waits_looks_at_each_message_once) {
  CoreWorld world(two_queues());
  constexpr uint64_t others = 300'000, mine = 10'000;
  std::vector<RecoveredMessage> recovered(others + mine);
  for (uint64_t i = 0; i < recovered.size(); ++i) {
    recovered[i].facts.sequence = i + 1;
    recovered[i].facts.queue = i < others ? 2 : 1;
  }
  world.restart(recovered);
  Sweep sweep{1, world.core->next_sequence()};
  uint64_t purged = 0, most_looks = 0;
  while (!sweep.over()) {
    const uint64_t before = sweep.looked_at;
    purged += world.core->purge(1, &sweep, 2'000, world.now);
    most_looks = std::max(most_looks, sweep.looked_at - before);
  }
  EXPECT_EQ(purged, mine);
  EXPECT_EQ(sweep.looked_at, others + mine);
  EXPECT_LE(most_looks, 20'000u);
}

}  // namespace
}  // namespace forebay
