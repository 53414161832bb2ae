// Idempotency-Keys on a real process: what a producer that sends again is told, until when, and after any kill.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/unreliable_disk.h"

namespace forebay::testing {
namespace {

constexpr const char* pulled = "queues:\n  q: {pull: true, dedup: 1h}\n  short: {pull: true, dedup: 2s}\n";

std::string under(const std::string& key) {
  return "Idempotency-Key: " + key + "\r\n";
}

Json publish(const RunningRelay& relay, const std::string& key, const std::string& body = "body",
             const std::string& queue = "q", const std::string& more = "") {
  return json_of(relay.http("POST", "/v1/queues/" + queue + "/messages", body, under(key) + more), 202);
}

double waiting(const RunningRelay& relay, const std::string& queue) {
  return relay.metric("forebay_backlog_messages{class=\"default\",queue=\"" + queue + "\",state=\"ready\"}")
      .value_or(-1);
}

size_t key_files(const RunningRelay& relay) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(relay.data_dir())) {
    count += entry.path().filename().string().starts_with("keys-");
  }
  return count;
}

TEST(Dedup, the_same_again_has_the_first_ids_answer_and_another_body_is_refused) {
  RunningRelay relay(pulled);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Json first = publish(relay, "order-1");
  EXPECT_EQ(first["deduplicated"], false);
  const Json again = publish(relay, "order-1");
  EXPECT_EQ(again["id"], first["id"]);
  EXPECT_EQ(again["deduplicated"], true);
  EXPECT_EQ(again["queue"], "q");
  const Reply other = relay.http("POST", "/v1/queues/q/messages", "other", under("order-1"));
  EXPECT_EQ(json_of(other, 422)["type"].get<std::string>().ends_with("idempotency-key-reused"), true) << other.body;
  EXPECT_EQ(publish(relay, "order-2", "other")["deduplicated"], false);
  EXPECT_EQ(publish(relay, "order-1", "body", "short")["deduplicated"], false) << "a queue is a scope of its own";
  EXPECT_NE(relay.publish("q", "no key"), relay.publish("q", "no key"));
  EXPECT_EQ(relay.metric("forebay_deduplicated_messages_total{queue=\"q\"}"), 1);
  EXPECT_EQ(waiting(relay, "q"), 4);
  EXPECT_EQ(relay.stop(), 0) << relay.output();
}

TEST(Dedup, a_batch_answers_by_line) {
  RunningRelay relay(pulled);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Json known = publish(relay, "a", "1", "q", "Content-Type: application/json\r\n");
  const auto line = [](const std::string& key, int body) {
    return "{\"idempotency_key\":\"" + key + "\",\"body\":" + std::to_string(body) + "}\n";
  };
  const std::string type = "Content-Type: application/x-ndjson\r\n";
  const auto post = [&](const std::string& lines) {
    return relay.http("POST", "/v1/queues/q/messages:batch", lines, type);
  };
  const Json all = json_of(post(line("b", 2) + line("a", 1) + "{\"body\":3}\n" + line("b", 2)), 202)["messages"];
  ASSERT_EQ(all.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(all[i]["deduplicated"], i == 1 || i == 3) << i;
  EXPECT_EQ(all[1]["id"], known["id"]);
  EXPECT_EQ(all[3]["id"], all[0]["id"]);
  EXPECT_EQ(waiting(relay, "q"), 3);
  const Json refused = json_of(post(line("c", 4) + line("a", 9)), 422);
  EXPECT_NE(refused["detail"].get<std::string>().find("line 2"), std::string::npos) << refused;
  EXPECT_EQ(waiting(relay, "q"), 3) << "all or nothing";
}

TEST(Dedup, a_topic_remembers_for_all_its_queues) {
  RunningRelay relay("queues:\n  a: {pull: true}\n  b: {pull: true}\ntopics:\n  t: {queues: [a, b], dedup: 1h}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const auto post = [&] { return json_of(relay.http("POST", "/v1/topics/t/messages", "x", under("k")), 202); };
  const Json first = post();
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  const Json again = post();
  EXPECT_EQ(first["deduplicated"], false);
  EXPECT_EQ(again["deduplicated"], true);
  ASSERT_EQ(again["copies"].size(), 2u);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(again["copies"][i]["id"], first["copies"][i]["id"]);
  EXPECT_EQ(waiting(relay, "a") + waiting(relay, "b"), 2);
}

TEST(Dedup, tokens_are_scopes) {
  const std::string tokens =
      "auth:\n  tokens:\n    - {name: one, token: token-one, may: [\"publish:*\"]}\n"
      "    - {name: two, token: token-two, may: [\"publish:*\"]}\n";
  RunningRelay relay(pulled, tokens);
  ASSERT_TRUE(relay.start()) << relay.output();
  const auto as = [](const std::string& name) { return "Authorization: Bearer token-" + name + "\r\n"; };
  const Json one = publish(relay, "k", "x", "q", as("one")), two = publish(relay, "k", "x", "q", as("two"));
  EXPECT_EQ(two["deduplicated"], false);
  EXPECT_NE(one["id"], two["id"]);
  EXPECT_EQ(publish(relay, "k", "x", "q", as("one"))["id"], one["id"]);
}

TEST(Dedup, it_is_remembered_until_delivery_plus_the_window_across_kills) {
  RunningRelay relay(pulled);
  ASSERT_TRUE(relay.start()) << relay.output();
  const Json first = publish(relay, "k", "x", "short");
  const Json late = publish(relay, "late", "x", "short", "Forebay-Delay: 30d\r\n");
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(publish(relay, "k", "x", "short")["id"], first["id"]);
  const Consumer consumer(relay, "short");
  EXPECT_EQ(consumer.ack(consumer.one()), "done");
  const auto acked = std::chrono::steady_clock::now();
  const Json soon = publish(relay, "k", "x", "short");
  if (std::chrono::steady_clock::now() - acked < std::chrono::seconds(2)) {
    EXPECT_EQ(soon["id"], first["id"]);
  }
  relay.kill();
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_TRUE(RunningRelay::eventually([&] { return publish(relay, "k", "x", "short")["id"] != first["id"]; }));
  EXPECT_GE(std::chrono::steady_clock::now() - acked, std::chrono::milliseconds(1900)) << "never sooner";
  EXPECT_EQ(publish(relay, "late", "x", "short")["id"], late["id"]) << "it waits still, whatever the window";
  EXPECT_EQ(relay.stop(), 0) << relay.output();
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_EQ(publish(relay, "late", "x", "short")["id"], late["id"]);
}

TEST(Dedup, a_duplicate_of_one_being_written_waits_and_has_its_answer) {
  RunningRelay relay(pulled);
  UnreliableDisk disk(relay.data_dir());
  ASSERT_TRUE(relay.start(disk.environment())) << relay.output();
  disk.syncs_take(std::chrono::milliseconds(500));
  const std::string request =
      "POST /v1/queues/q/messages HTTP/1.1\r\nHost: relay\r\nIdempotency-Key: k\r\nContent-Length: 1\r\n\r\nx";
  const uint32_t begun = disk.syncs_begun();
  RawClient first(relay.http_port()), second(relay.http_port());
  first.send(request);
  ASSERT_TRUE(RunningRelay::eventually([&] { return disk.syncs_begun() > begun; }));
  second.send(request);
  const auto answer = first.read_response(), again = second.read_response();
  ASSERT_TRUE(answer && again);
  EXPECT_EQ(again->status, 202);
  EXPECT_EQ(Json::parse(again->body)["id"], Json::parse(answer->body)["id"]);
  EXPECT_EQ(Json::parse(again->body)["deduplicated"], true);
  EXPECT_EQ(waiting(relay, "q"), 1);
}

// Producers that send the same again until they are told, over kills: each key is one message, the one they were told.
TEST(Dedup, no_key_is_two_messages_whenever_it_is_killed) {
  RunningRelay relay(pulled);
  ASSERT_TRUE(relay.start()) << relay.output();
  std::map<std::string, std::string> told;  // key, id
  int next = 0;
  for (int round = 0; round < 4; ++round) {
    std::vector<std::unique_ptr<RawClient>> clients;
    std::vector<std::string> keys;
    for (int i = 0; i < 40; ++i) {
      keys.push_back("key-" + std::to_string(next++));
      clients.push_back(std::make_unique<RawClient>(relay.http_port()));
      clients.back()->send("POST /v1/queues/q/messages HTTP/1.1\r\nHost: relay\r\n" + under(keys.back()) +
                           "Content-Length: 1\r\n\r\nx");
      // Some have their answers, some are under way.
      if (i == 10 + 7 * round) {
        if (const auto answer = clients.front()->read_response()) told[keys[0]] = Json::parse(answer->body)["id"];
      }
    }
    relay.kill();
    for (size_t i = 0; i < clients.size(); ++i) {
      const auto answer = clients[i]->read_response();
      if (answer && answer->status == 202) told[keys[i]] = Json::parse(answer->body)["id"];
    }
    ASSERT_TRUE(relay.start()) << relay.output();
    for (const std::string& key : keys) {
      const std::string id = publish(relay, key, "x")["id"];
      const auto [known, is_new] = told.emplace(key, id);
      EXPECT_EQ(known->second, id) << key << " is another message now";
    }
    EXPECT_EQ(waiting(relay, "q"), next) << "each key is one message";
  }
  EXPECT_EQ(relay.stop(), 0) << relay.output();
}

TEST(Dedup, when_full_keyed_messages_are_refused_until_whole_files_are_over) {
  RunningRelay relay("queues:\n  q: {pull: true, dedup: 1s}\n", "max_bytes: 16MiB\njournal: {segment: 1MiB}\n");
  ASSERT_TRUE(relay.start()) << relay.output();
  const std::string type = "Content-Type: application/x-ndjson\r\n";
  Reply reply;
  int keyed = 0;
  for (int lines_each = 1000; lines_each > 0 && keyed < 100'000;) {  // to the last one that finds room
    std::string lines;
    for (int i = 0; i < lines_each; ++i) {
      lines += "{\"body\":1,\"idempotency_key\":\"" + std::to_string(keyed + i) + "\"}\n";
    }
    reply = relay.http("POST", "/v1/queues/q/messages:batch", lines, type + "Prefer: return=minimal\r\n");
    if (reply.status == 202) {
      keyed += lines_each;
    } else {
      lines_each /= 10;
    }
  }
  ASSERT_EQ(reply.status, 503) << keyed << " " << reply.body;
  EXPECT_NE(reply.body.find("idempotency-keys-full"), std::string::npos) << reply.body;
  EXPECT_NE(reply.headers.find("Retry-After: "), std::string::npos);
  EXPECT_GT(keyed, 30'000);
  EXPECT_NE(relay.publish("q", "without a key"), "");
  EXPECT_EQ(json_of(relay.http("POST", "/v1/queues/q/messages", "1", under("0") + "Content-Type: application/json\r\n"),
                    202)["deduplicated"],
            true);
  EXPECT_EQ(key_files(relay), 16u);
  const Consumer consumer(relay, "q");
  for (int left = 10'000; left > 0;) {
    const Json messages = consumer.lease(1000, "20s");
    ASSERT_FALSE(messages.empty());
    Json ids = Json::array();
    for (const Json& message : messages) ids.push_back(message["lease_id"]);
    EXPECT_EQ(consumer.post("ack", {{"lease_ids", ids}}).status, 200);
    left -= static_cast<int>(messages.size());
  }
  ASSERT_TRUE(RunningRelay::eventually(
      [&] { return relay.http("POST", "/v1/queues/q/messages", "x", under("new")).status == 202; }));
  EXPECT_LT(key_files(relay), 16u) << "files went as a whole";
  EXPECT_EQ(relay.stop(), 0) << relay.output();
  Process verify({forebay_binary(), "journal", "verify", relay.data_dir()});
  const std::string report = verify.read_all();
  EXPECT_EQ(verify.wait(), 0) << report;
  EXPECT_NE(report.find("copies under Idempotency-Keys"), std::string::npos) << report;
}

TEST(Dedup, damage_to_a_key_file_is_found_offline_and_said) {
  RunningRelay relay(pulled);
  ASSERT_TRUE(relay.start()) << relay.output();
  for (const char* key : {"a", "b", "c"}) publish(relay, key);
  EXPECT_EQ(relay.stop(), 0) << relay.output();
  {
    std::FILE* file = std::fopen((relay.data_dir() + "/keys-00000001").c_str(), "r+b");
    ASSERT_NE(file, nullptr);
    std::fseek(file, 64 + 48 + 3, SEEK_SET);
    std::fputc('!', file);
    std::fclose(file);
  }
  for (const char* verb : {"stat", "verify"}) {
    Process tool({forebay_binary(), "journal", verb, relay.data_dir()});
    const std::string report = tool.read_all();
    EXPECT_EQ(tool.wait(), std::string(verb) == "stat" ? 0 : 1) << report;
    EXPECT_NE(report.find("keys-00000001: 2 copies"), std::string::npos) << report;
  }
  ASSERT_TRUE(relay.start()) << relay.output();
  EXPECT_NE(relay.output().find("keys-00000001: 1 records are damaged"), std::string::npos) << relay.output();
  EXPECT_EQ(publish(relay, "a")["deduplicated"], true);
  EXPECT_EQ(publish(relay, "c")["deduplicated"], true);
  EXPECT_EQ(publish(relay, "b")["deduplicated"], false);
}

}  // namespace
}  // namespace forebay::testing
