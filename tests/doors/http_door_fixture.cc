#include "tests/doors/http_door_fixture.h"

#include <gtest/gtest.h>

namespace forebay::testing {

MessageId fake_id(uint64_t number) {
  MessageId id;
  id.fill('0');
  for (size_t i = id.size(); number > 0; number /= 10) id[--i] = static_cast<char>('0' + number % 10);
  return id;
}

std::string fake_id_text(uint64_t number) {
  const MessageId id = fake_id(number);
  return {id.data(), id.size()};
}

void FakeIntake::start(uv_loop_t* loop) {
  async_.data = this;
  uv_async_init(loop, &async_, [](uv_async_t* async) { static_cast<FakeIntake*>(async->data)->run_answers(); });
}

void FakeIntake::stop() {
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
}

void FakeIntake::run_answers() {
  auto answers = std::move(answers_);
  answers_.clear();
  for (auto& [call, answer] : answers) answer();
}

void FakeIntake::later(std::function<void()> answer) {
  {
    std::lock_guard lock(mutex_);
    answers_[calls_++] = std::move(answer);
  }
  changed_.notify_all();
  if (!hold_answers) uv_async_send(&async_);
}

void FakeIntake::release(size_t call) {
  auto answer = answers_.extract(call);
  if (!answer.empty()) answer.mapped()();
}

std::optional<Problem> FakeIntake::publish(std::span<const NewMessage> messages, uint64_t token,
                                           PublishListener& listener) {
  if (refuse_all) return refuse_all;
  if (messages[0].queue == "none") return Problem{404, "no-such-queue", "No such queue", "", std::nullopt};
  std::vector<AcceptedMessage> accepted;
  std::vector<SeenMessage> seen;
  for (const NewMessage& m : messages) {
    SeenMessage s{std::string(m.queue),
                  std::string(m.by),
                  std::string(m.klass),
                  std::string(m.key),
                  std::string(m.content_type),
                  std::string(m.idempotency_key),
                  std::string(m.body),
                  m.delay,
                  m.ttl,
                  m.not_before,
                  m.retries,
                  {},
                  {}};
    for (const auto& [name, value] : m.forward) s.forward.emplace_back(name, value);
    for (const auto& [name, value] : m.headers) s.headers.emplace_back(name, value);
    seen.push_back(std::move(s));
    const uint64_t number = ++next_id_;
    accepted.push_back({fake_id(number), "sms", number - 1, WallTime::from_ms(static_cast<int64_t>(number)), false});
  }
  {
    std::lock_guard lock(mutex_);
    for (auto& s : seen) seen_.push_back(std::move(s));
  }
  later([this, token, &listener, accepted = std::move(accepted)] {
    if (fail_write) return listener.on_refused(token, *fail_write);
    listener.on_published(token, accepted);
  });
  return std::nullopt;
}

std::variant<MessageStatus, Problem> FakeIntake::find(std::string_view id) {
  const auto found = statuses.find(id);
  if (found != statuses.end()) return found->second;
  return Problem{404, "no-such-message", "No such message", "", std::nullopt};
}

std::optional<Problem> FakeIntake::cancel(std::string_view id, uint64_t token, PublishListener& listener) {
  if (statuses.find(id) == statuses.end()) return Problem{404, "no-such-message", "No such message", "", {}};
  if (statuses.find(id)->second.state == "in_flight") return Problem{409, "in-flight", "It is on its way", "", {}};
  later([token, &listener] { listener.on_changed(token, 1); });
  return std::nullopt;
}

std::optional<Problem> FakeIntake::release(std::string_view id, uint64_t token, PublishListener& listener) {
  if (statuses.find(id) == statuses.end()) return Problem{404, "no-such-message", "No such message", "", {}};
  if (statuses.find(id)->second.state == "in_flight") return Problem{409, "in-flight", "It is on its way", "", {}};
  later([token, &listener] { listener.on_changed(token, 1); });
  return std::nullopt;
}

std::optional<Problem> FakeStreaming::follow(std::string_view topic, uint64_t token, StreamListener& listener) {
  if (topic != "chat") return Problem{404, "no-such-topic", "No such topic", "", {}};
  readers[token] = &listener;
  return std::nullopt;
}

bool FakeIntake::wait_for_calls(size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return calls_ >= count; });
}

std::vector<SeenMessage> FakeIntake::seen() {
  std::lock_guard lock(mutex_);
  return seen_;
}

HttpDoorFixture::HttpDoorFixture(DoorConfig config, bool hold_answers, std::vector<AuthToken> tokens) : gate_(tokens) {
  intake_.hold_answers = hold_answers;
  door_ = std::make_unique<HttpDoor>(thread_.loop(), config, DoorPorts{intake_, pulling_, streaming_, gate_});
  int error = 0;
  thread_.run_on_loop([&] {
    intake_.start(thread_.loop());
    error = door_->listen();
  });
  EXPECT_EQ(error, 0) << uv_strerror(error);
}

HttpDoorFixture::~HttpDoorFixture() {
  thread_.run_on_loop([this] {
    door_->close();
    intake_.stop();
  });
  thread_.run_on_loop([] {});
  thread_.run_on_loop([this] { door_.reset(); });
}

RawResponse HttpDoorFixture::ask(std::string_view method, std::string_view path, std::string_view headers,
                                 std::string_view body) {
  RawClient client = connect();
  std::string request = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: door\r\n";
  request += "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n";
  EXPECT_TRUE(client.send(request + std::string(body)));
  auto response = client.read_response();
  EXPECT_TRUE(response) << request;
  return response.value_or(RawResponse{});
}

}  // namespace forebay::testing
