// Live streams on a real process: who follows a topic gets what is published from then on, and nothing else.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/end_to_end/json_reply.h"

namespace forebay::testing {
namespace {

constexpr const char* chat =
    "queues:\n  log: {pull: true}\ntopics:\n  chat: {queues: [log], flush: 20ms}\n  live: {}\n";

// One event, as its lines without "data: " and so on.
struct Event {
  std::string id, event, data;
};

class Reader {
 public:
  Reader(const RunningRelay& relay, const std::string& topic, int receive_buffer_bytes = 0)
      : client_(relay.http_port(), receive_buffer_bytes) {
    client_.send("GET /v1/topics/" + topic + "/stream HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  // Up to and with the beginning of the stream.
  std::string head() {
    std::string head;
    for (std::string line = client_.read_line(); !line.empty(); line = client_.read_line()) {
      head += line;
      if (line == "\r\n") break;
    }
    EXPECT_EQ(client_.read_line(), "retry: 2000\n");
    EXPECT_EQ(client_.read_line(), "\n");
    return head;
  }
  // The next one; empty at the end of the stream.
  Event next() {
    Event event;
    for (std::string line = client_.read_line(); !line.empty(); line = client_.read_line()) {
      if (line == "\n") {
        if (!event.data.empty()) return event;
      } else if (line.starts_with("id: ")) {
        event.id = line.substr(4, line.size() - 5);
      } else if (line.starts_with("event: ")) {
        event.event = line.substr(7, line.size() - 8);
      } else if (line.starts_with("data: ")) {
        event.data += line.substr(6);
      }
    }
    return event;
  }
  RawClient& client() { return client_; }

 private:
  RawClient client_;
};

Reply say(const RunningRelay& relay, const std::string& topic, const std::string& body) {
  return relay.http("POST", "/v1/topics/" + topic + "/messages", body);
}

bool followed_by(const RunningRelay& relay, double readers) {
  return RunningRelay::eventually([&] { return relay.metric("forebay_stream_readers") == readers; });
}

TEST(Stream, readers_get_what_is_published_from_now_on_under_its_id) {
  RunningRelay relay(chat);
  ASSERT_TRUE(relay.start()) << relay.output();
  ASSERT_EQ(say(relay, "chat", "before").status, 202);
  Reader one(relay, "chat"), other(relay, "chat"), live(relay, "live");
  const std::string head = one.head();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
  EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Cache-Control: no-store\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
  other.head();
  live.head();
  const Json accepted = json_of(say(relay, "chat", "hello"), 202);
  for (Reader* reader : {&one, &other}) {
    const Event event = reader->next();
    EXPECT_EQ(event.data, "hello\n");
    EXPECT_EQ(event.id, accepted["id"]);
  }
  ASSERT_EQ(say(relay, "chat", "two\nlines").status, 202);
  EXPECT_EQ(one.next().data, "two\nlines\n");
  ASSERT_EQ(say(relay, "chat", std::string("\xff\x00\r", 3)).status, 202);
  const Event bytes = one.next();
  EXPECT_EQ(bytes.event, "base64");
  EXPECT_EQ(bytes.data, "/wAN\n");
  const std::string held = "Forebay-Hold: 1h\r\n";
  ASSERT_EQ(relay.http("POST", "/v1/topics/chat/messages", "held", held).status, 202);
  ASSERT_EQ(say(relay, "chat", "said").status, 202);
  EXPECT_EQ(one.next().data, "said\n") << "what is held may yet be taken back";
  ASSERT_EQ(say(relay, "live", "nobody keeps it").status, 202);
  EXPECT_EQ(live.next().data, "nobody keeps it\n") << "a topic without a queue";
  EXPECT_EQ(relay.http("GET", "/v1/topics/none/stream").status, 404);
  EXPECT_EQ(relay.http("POST", "/v1/topics/chat/stream").status, 405);
}

TEST(Stream, what_comes_at_once_is_written_at_once_and_in_order) {
  RunningRelay relay(chat);
  ASSERT_TRUE(relay.start()) << relay.output();
  Reader reader(relay, "chat");
  reader.head();
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "{\"body\":\"" + std::to_string(i) + "\"}\n";
  const std::string type = "Content-Type: application/x-ndjson\r\n";
  ASSERT_EQ(relay.http("POST", "/v1/topics/chat/messages:batch", lines, type).status, 202);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(reader.next().data, std::to_string(i) + "\n");
  EXPECT_EQ(relay.metric("forebay_stream_events_total"), 500);
}

TEST(Stream, a_slow_reader_is_dropped_with_a_reason_and_the_others_go_on) {
  RunningRelay relay(chat);
  ASSERT_TRUE(relay.start()) << relay.output();
  Reader slow(relay, "live", 4096), quick(relay, "live");
  quick.head();
  ASSERT_TRUE(followed_by(relay, 2));
  const std::string body(200'000, 'x');
  int said = 0;
  while (relay.metric("forebay_stream_readers_dropped_total") == 0 && said < 200) {
    ASSERT_EQ(say(relay, "live", body).status, 202);
    ++said;
    ASSERT_EQ(quick.next().data.size(), body.size() + 1);
  }
  EXPECT_EQ(relay.metric("forebay_stream_readers_dropped_total"), 1);
  EXPECT_TRUE(followed_by(relay, 1));
  const std::string rest = slow.client().read_all();
  EXPECT_NE(rest.find("event: dropped\ndata: {\"reason\":\"slow reader"), std::string::npos) << rest.size();
  ASSERT_EQ(say(relay, "live", "still here").status, 202);
  EXPECT_EQ(quick.next().data, "still here\n");
}

TEST(Stream, ends_when_its_reader_leaves_its_topic_goes_or_forebay_stops) {
  RunningRelay relay(chat);
  ASSERT_TRUE(relay.start()) << relay.output();
  Reader stays(relay, "chat"), of_live(relay, "live");
  stays.head();
  of_live.head();
  {
    Reader leaves(relay, "chat");
    leaves.head();
    ASSERT_TRUE(followed_by(relay, 3));
  }
  EXPECT_TRUE(followed_by(relay, 2));
  std::ifstream file(relay.config_path());
  std::string config{std::istreambuf_iterator<char>(file), {}};
  config.replace(config.find("  live: {}\n"), 11, "");
  std::ofstream(relay.config_path()) << config;
  ASSERT_EQ(relay.admin("POST", "/v1/config:reload").status, 200);
  const Event gone = of_live.next();
  EXPECT_EQ(gone.event, "end");
  EXPECT_NE(gone.data.find("no more in the configuration"), std::string::npos) << gone.data;
  EXPECT_EQ(of_live.client().read_all(), "");
  EXPECT_EQ(relay.stop(), 0) << "an open stream does not keep it";
  EXPECT_EQ(stays.next().event, "end");
}

}  // namespace
}  // namespace forebay::testing
