// Duplicates at the desk: which messages of a call are new, what the others are answered with, and who waits for what.
#include "relay/dedup_desk.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/relay/desk_world.h"
#include "tests/relay/metrics_lines.h"

namespace forebay {
namespace {

Config remembering(size_t queues = 1) {
  Config config = queues == 1 ? CoreWorld::simple() : two_queues();
  for (auto& [name, queue] : config.queues) queue.dedup = Duration::hours(1);
  return config;
}

Config with_topic() {
  Config config = remembering(2);
  config.topics["t"].queues = {"q", "r"};
  config.topics["t"].dedup = Duration::hours(1);
  return config;
}

NewMessage keyed(std::string_view key, std::string_view body = "body", std::string_view queue = "q") {
  NewMessage message = DeskWorld::message(body, queue);
  message.idempotency_key = key;
  return message;
}

NewMessage to_topic(std::string_view key) {
  NewMessage message = keyed(key, "body", "");
  message.topic = "t";
  return message;
}

class World : public DeskWorld {
 public:
  explicit World(Config config = remembering()) : DeskWorld(std::move(config)) {}

  // All that is due: reads, commits, answers.
  void settle_all(int read_error = 0) {
    for (int i = 0; i < 3; ++i) {
      backlog.read_keys_now(read_error);
      relay->hand_over();
      commit();
    }
  }
  Answer call(const std::vector<NewMessage>& messages, int read_error = 0) {
    const auto taken = publish(messages);
    if (const Problem* problem = std::get_if<Problem>(&taken)) return {*problem, {}, {}};
    settle_all(read_error);
    EXPECT_TRUE(answers.contains(std::get<uint64_t>(taken))) << "it is never answered";
    return answers[std::get<uint64_t>(taken)];
  }
  uint64_t calls_waiting() const { return static_cast<const IntakeDesk&>(relay->intake()).dedup().waiting(); }
  size_t kept() const { return backlog.bodies.size(); }
};

std::string problem_of(const DeskWorld::Answer& answer) {
  return answer.problem ? std::to_string(answer.problem->status) + " " + answer.problem->type : "taken";
}

TEST(DedupDesk, a_duplicate_has_the_first_ones_answer_and_is_kept_once) {
  World world;
  const auto first = world.call({keyed("k")}).accepted.at(0);
  EXPECT_FALSE(first.deduplicated);
  world.call({keyed("before it")});
  const auto again = world.call({keyed("k")}).accepted.at(0);
  EXPECT_TRUE(again.deduplicated);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.queue, "q");
  EXPECT_EQ(again.position, 0u) << "where it stands now";
  EXPECT_EQ(world.kept(), 2u);
}

TEST(DedupDesk, without_a_key_or_a_window_everything_is_new) {
  World world;
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(world.call({World::message()}).accepted.at(0).deduplicated);
  World without(CoreWorld::simple());
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(without.call({keyed("k")}).accepted.at(0).deduplicated);
  EXPECT_TRUE(without.backlog.remembered.empty());
}

TEST(DedupDesk, another_body_or_content_type_under_the_key_is_refused) {
  World world;
  world.call({keyed("k")});
  EXPECT_EQ(problem_of(world.call({keyed("k", "other")})), "422 idempotency-key-reused");
  NewMessage typed = keyed("k");
  typed.content_type = "text/plain";
  EXPECT_EQ(problem_of(world.call({typed})), "422 idempotency-key-reused");
  NewMessage in_batch = keyed("k", "other");
  in_batch.line = 7;
  const auto answer = world.call({World::message(), in_batch});
  ASSERT_TRUE(answer.problem);
  EXPECT_EQ(answer.problem->detail.substr(0, 8), "line 7: ");
  EXPECT_EQ(world.kept(), 1u) << "all or nothing";
}

TEST(DedupDesk, the_scope_is_token_and_queue_and_topic) {
  World world(with_topic());
  NewMessage of_shop = keyed("k"), of_other = keyed("k");
  of_shop.by = "shop";
  of_other.by = "other";
  for (const NewMessage& message : {keyed("k"), of_shop, of_other, keyed("k", "body", "r"), to_topic("k")}) {
    EXPECT_FALSE(world.call({message}).accepted.at(0).deduplicated);
  }
  EXPECT_TRUE(world.call({of_shop}).accepted.at(0).deduplicated);
  EXPECT_EQ(world.kept(), 6u);
}

TEST(DedupDesk, a_topic_that_says_nothing_remembers_as_long_as_its_queues) {
  Config config = with_topic();
  config.topics["t"].dedup = {};
  config.queues["r"].dedup = {};
  World world(config);
  EXPECT_EQ(world.call({to_topic("k")}).accepted.size(), 2u);
  world.advance(Duration::minutes(50));
  EXPECT_TRUE(world.call({to_topic("k")}).accepted.at(0).deduplicated);
  EXPECT_EQ(world.kept(), 2u);
  config.queues["q"].dedup = {};
  World forgetful(config);
  forgetful.call({to_topic("k")});
  EXPECT_FALSE(forgetful.call({to_topic("k")}).accepted.at(0).deduplicated);
}

TEST(DedupDesk, a_topics_duplicate_names_all_copies) {
  World world(with_topic());
  const auto first = world.call({to_topic("k")}).accepted;
  ASSERT_EQ(first.size(), 2u);
  const auto again = world.call({to_topic("k")}).accepted;
  ASSERT_EQ(again.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again[i].id, first[i].id);
    EXPECT_EQ(again[i].queue, first[i].queue);
    EXPECT_TRUE(again[i].deduplicated);
  }
}

TEST(DedupDesk, a_batch_answers_by_line_whatever_is_known_of_it) {
  World world;
  const auto known = world.call({keyed("known")}).accepted.at(0);
  const auto accepted =
      world.call({keyed("new"), keyed("known"), World::message(), keyed("new"), keyed("known"), keyed("last")})
          .accepted;
  ASSERT_EQ(accepted.size(), 6u);
  for (uint32_t line = 0; line < 6; ++line) EXPECT_EQ(accepted[line].message, line);
  const std::vector<bool> duplicate = {false, true, false, true, true, false};
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(accepted[i].deduplicated, duplicate[i]) << i;
  EXPECT_EQ(accepted[1].id, known.id);
  EXPECT_EQ(accepted[4].id, known.id);
  EXPECT_EQ(accepted[3].id, accepted[0].id);
  EXPECT_NE(accepted[2].id, accepted[0].id);
  EXPECT_EQ(world.kept(), 4u);
  EXPECT_EQ(problem_of(world.call({keyed("x", "a"), keyed("x", "b")})), "422 idempotency-key-reused");
}

TEST(DedupDesk, a_duplicate_of_one_being_written_waits_and_has_its_answer) {
  World world;
  const uint64_t first = std::get<uint64_t>(world.publish({keyed("k")}));
  const uint64_t second = std::get<uint64_t>(world.publish({keyed("k")}));
  const uint64_t other = std::get<uint64_t>(world.publish({keyed("k", "other body")}));
  world.relay->hand_over();
  EXPECT_TRUE(world.answers.empty());
  EXPECT_FALSE(world.relay->settled());
  world.settle_all();
  EXPECT_EQ(world.answers[second].accepted.at(0).id, world.answers[first].accepted.at(0).id);
  EXPECT_TRUE(world.answers[second].accepted.at(0).deduplicated);
  EXPECT_EQ(problem_of(world.answers[other]), "422 idempotency-key-reused");
  EXPECT_EQ(world.kept(), 1u);
  EXPECT_EQ(world.calls_waiting(), 0u);
}

TEST(DedupDesk, if_that_write_fails_so_does_its_duplicate_and_the_key_is_free) {
  World world;
  const uint64_t first = std::get<uint64_t>(world.publish({keyed("k")}));
  const uint64_t second = std::get<uint64_t>(world.publish({keyed("k")}));
  world.commit(ENOSPC);
  EXPECT_EQ(world.answers[first].problem->status, 507);
  EXPECT_EQ(world.answers[second].problem->status, 507);
  EXPECT_FALSE(world.call({keyed("k")}).accepted.at(0).deduplicated);
}

TEST(DedupDesk, what_is_over_may_come_again) {
  World world;
  const auto first = world.call({keyed("k")}).accepted.at(0);
  world.backlog.over.insert(world.backlog.remembered.begin()->first);
  const auto second = world.call({keyed("k", "another body")}).accepted.at(0);
  EXPECT_FALSE(second.deduplicated);
  EXPECT_NE(second.id, first.id);
}

// The end of an older one is lost with the power: it is found beside the newer one that came when it was over.
TEST(DedupDesk, of_two_under_one_key_the_newer_decides) {
  World world;
  const auto first = world.call({keyed("k")}).accepted.at(0);
  const uint64_t key = world.backlog.remembered.begin()->first;
  world.backlog.over.insert(key);
  const auto second = world.call({keyed("k", "another body")}).accepted.at(0);
  world.backlog.over.clear();
  EXPECT_EQ(world.call({keyed("k", "another body")}).accepted.at(0).id, second.id);
  EXPECT_NE(first.id, second.id);
}

TEST(DedupDesk, when_no_key_can_be_remembered_only_new_keyed_messages_are_refused) {
  World world;
  world.call({keyed("k")});
  world.backlog.key_rooms = 0;
  const auto refused = world.call({keyed("new")});
  EXPECT_EQ(problem_of(refused), "503 idempotency-keys-full");
  EXPECT_TRUE(refused.problem->retry_after);
  EXPECT_EQ(problem_of(world.call({World::message(), keyed("new")})), "503 idempotency-keys-full");
  EXPECT_EQ(problem_of(world.call({World::message()})), "taken");
  EXPECT_TRUE(world.call({keyed("k")}).accepted.at(0).deduplicated);
  EXPECT_EQ(world.queue().counters.refused_keys, 3u);
}

TEST(DedupDesk, what_cannot_be_read_is_refused_not_taken_for_new) {
  World world;
  world.call({keyed("k")});
  const auto answer = world.call({keyed("k")}, EIO);
  EXPECT_EQ(problem_of(answer), "503 idempotency-keys-unreadable");
  EXPECT_TRUE(answer.problem->retry_after);
  EXPECT_EQ(world.kept(), 1u);
}

TEST(DedupDesk, calls_that_wait_are_bounded_in_memory) {
  World world;
  const std::string body(1 << 20, 'x');
  world.call({keyed("k", body)});
  std::string refused;
  for (int i = 0; i < 64 && refused.empty(); ++i) {
    const auto taken = world.publish({keyed("k", body)});
    if (const Problem* problem = std::get_if<Problem>(&taken)) refused = problem->type;
  }
  EXPECT_EQ(refused, "busy");
  const uint64_t waiting = world.calls_waiting();
  EXPECT_LE(waiting << 20, DedupDesk::waiting_bytes_max);
  EXPECT_GE(waiting, 30u);
  world.settle_all();
  EXPECT_EQ(world.calls_waiting(), 0u);
  EXPECT_TRUE(world.call({keyed("k", body)}).accepted.at(0).deduplicated);
}

TEST(DedupDesk, whoever_hung_up_is_told_nothing) {
  World world;
  world.call({keyed("k")});
  const auto before = world.answers.size();
  world.publish({keyed("k")});
  world.publish({keyed("new")});
  world.publish({keyed("new")});
  world.relay->intake().forget(world);
  world.settle_all();
  EXPECT_EQ(world.answers.size(), before);
  EXPECT_EQ(world.calls_waiting(), 0u);
  EXPECT_TRUE(world.call({keyed("new")}).accepted.at(0).deduplicated) << "it was kept all the same";
}

TEST(DedupDesk, a_refused_message_leaves_its_key_free) {
  World world;
  NewMessage wrong = keyed("k");
  wrong.klass = "nosuch";
  EXPECT_EQ(problem_of(world.call({wrong})), "422 no-such-class");
  EXPECT_FALSE(world.call({keyed("k")}).accepted.at(0).deduplicated);
}

TEST(DedupDesk, duplicates_are_counted) {
  World world;
  world.call({keyed("k"), keyed("k")});
  world.call({keyed("k")});
  EXPECT_EQ(metrics_value(world, "forebay_deduplicated_messages_total{queue=\"q\"}"), 2);
}

}  // namespace
}  // namespace forebay
