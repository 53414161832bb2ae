// An HttpDoor on a loop of its own, in front of a scripted Intake.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "doors/http/http_door.h"
#include "tests/doors/server_fixture.h"

namespace forebay::testing {

// A NewMessage that owns what it says.
struct SeenMessage {
  std::string queue, by, klass, key, content_type, idempotency_key, body;
  std::optional<Duration> delay, ttl;
  std::optional<WallTime> not_before;
  std::optional<uint32_t> retries;
  std::vector<std::pair<std::string, std::string>> forward, headers;
};

// Takes what is published to any queue but "none"; message n of the test has id "000…n" and position n - 1.
// Answers in the next turn unless told to hold answers back until release(). Loop thread only, but seen().
class FakeIntake : public Intake {
 public:
  std::optional<Problem> publish(std::span<const NewMessage> messages, uint64_t token,
                                 PublishListener& listener) override;
  std::variant<MessageStatus, Problem> find(std::string_view id) override;
  std::optional<Problem> cancel(std::string_view id, uint64_t token, PublishListener& listener) override;
  std::optional<Problem> release(std::string_view id, uint64_t token, PublishListener& listener) override;
  void forget(PublishListener&) override { answers_.clear(); }

  void start(uv_loop_t* loop);
  void stop();
  void release(size_t call);  // answers the call-th publish or cancel of the test

  bool hold_answers = false;
  std::optional<Problem> fail_write;  // the write fails with this after publish() took the messages
  std::optional<Problem> refuse_all;
  std::map<std::string, MessageStatus, std::less<>> statuses;

  bool wait_for_calls(size_t count);  // any thread
  std::vector<SeenMessage> seen();    // any thread

 private:
  void run_answers();
  void later(std::function<void()> answer);
  uv_async_t async_;
  std::map<size_t, std::function<void()>> answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SeenMessage> seen_;
  size_t calls_ = 0;
  uint64_t next_id_ = 0;
};

// Every queue drains into a sink.
class FakePulling : public Pulling {
 public:
  std::optional<Problem> lease(const LeaseRequest&, uint64_t, LeaseListener&) override { return not_pulled(); }
  void give_up(uint64_t, LeaseListener&) override {}
  void forget(LeaseListener&) override {}
  std::optional<Problem> ack(std::string_view, LeaseIds, LeaseResults*, uint64_t, PublishListener&) override {
    return not_pulled();
  }
  std::optional<Problem> nack(std::string_view, LeaseIds, Duration, LeaseResults*, uint64_t,
                              PublishListener&) override {
    return not_pulled();
  }
  std::optional<Problem> extend(std::string_view, LeaseIds, std::optional<Duration>, LeaseResults*, uint64_t,
                                PublishListener&) override {
    return not_pulled();
  }

 private:
  static Problem not_pulled() { return {409, "not-pulled", "Not pulled", "", std::nullopt}; }
};

// The only topic is "chat"; what it says is up to the test. Loop thread only.
class FakeStreaming : public Streaming {
 public:
  std::optional<Problem> follow(std::string_view topic, uint64_t token, StreamListener& listener) override;
  void unfollow(uint64_t token, StreamListener&) override { readers.erase(token); }
  void forget(StreamListener&) override { readers.clear(); }
  std::map<uint64_t, StreamListener*> readers;
};

MessageId fake_id(uint64_t number);
std::string fake_id_text(uint64_t number);

class HttpDoorFixture {
 public:
  explicit HttpDoorFixture(DoorConfig config = {}, bool hold_answers = false, std::vector<AuthToken> tokens = {});
  ~HttpDoorFixture();
  RawClient connect() { return RawClient(door_->port()); }
  FakeIntake& intake() { return intake_; }
  FakeStreaming& streaming() { return streaming_; }
  LoopThread& thread() { return thread_; }
  HttpDoor& door() { return *door_; }
  // One request on a connection of its own. `headers` end in CR LF each.
  RawResponse ask(std::string_view method, std::string_view path, std::string_view headers = {},
                  std::string_view body = {});
  RawResponse publish(std::string_view headers, std::string_view body) {
    return ask("POST", "/v1/queues/sms/messages", headers, body);
  }
  RawResponse batch(std::string_view body, std::string_view headers = {}) {
    return ask("POST", "/v1/queues/sms/messages:batch", "Content-Type: application/x-ndjson\r\n" + std::string(headers),
               body);
  }

 private:
  LoopThread thread_;
  FakeIntake intake_;
  FakePulling pulling_;
  FakeStreaming streaming_;
  Gate gate_;
  std::unique_ptr<HttpDoor> door_;
};

}  // namespace forebay::testing
