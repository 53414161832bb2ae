// `forebay send` against a scripted door, both on one loop.
#include "relay/cli/send_driver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "fake_door.h"

namespace forebay {
namespace {

class SendDriverTest : public testing::Test {
 protected:
  SendDriverTest() { uv_loop_init(&loop_); }
  ~SendDriverTest() override {
    uv_run(&loop_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&loop_), 0);
  }

  // Sends all of `source`; the door is closed afterwards.
  void send(FakeDoor::Script script, SendSource& source, SendOptions options = {}) {
    door_ = std::make_unique<FakeDoor>(&loop_, std::move(script));
    options.address = door_->address();
    options.head = "POST /v1/queues/q/messages HTTP/1.1\r\nHost: x\r\n";
    driver_ = std::make_unique<SendDriver>(&loop_, options, source);
    driver_->start();
    while (!driver_->finished()) uv_run(&loop_, UV_RUN_ONCE);
    door_->close();
  }
  static std::unique_ptr<SendSource> many(uint64_t count) {
    return make_template_source(count, SendTemplate("m{n}"), SendTemplate("k{n}"), 0, {});
  }
  static std::string accept(const FakeDoor::Request&) { return FakeDoor::reply("202 Accepted"); }

  uv_loop_t loop_;
  std::unique_ptr<FakeDoor> door_;
  std::unique_ptr<SendDriver> driver_;
};

TEST_F(SendDriverTest, SendsEachMessageOnce) {
  auto source = many(1000);
  send(accept, *source);
  EXPECT_EQ(driver_->score().accepted_messages(), 1000u);
  EXPECT_EQ(driver_->score().refused_messages(), 0u);
  EXPECT_EQ(driver_->error(), "");
  std::set<std::string> bodies;
  for (const auto& request : door_->requests()) bodies.insert(request.body);
  EXPECT_EQ(door_->requests().size(), 1000u);
  EXPECT_EQ(bodies.size(), 1000u);
  EXPECT_EQ(door_->requests()[0].path, "/v1/queues/q/messages");
  EXPECT_NE(door_->requests()[0].headers.find("Forebay-Key: k"), std::string::npos);
  EXPECT_LE(door_->connections(), 8u);
}

TEST_F(SendDriverTest, WaitsAsLongAsItIsToldAndSendsAgain) {
  auto source = many(20);
  uint64_t refused_ns = 0;
  const auto script = [&](const FakeDoor::Request& request) {
    if (request.number > 4) return accept(request);
    refused_ns = request.at_ns;
    return FakeDoor::reply("503 Service Unavailable", "retry-after: 1\r\n");
  };
  send(script, *source, {.connections = 1, .pipeline = 4});
  EXPECT_EQ(driver_->score().accepted_messages(), 20u);
  EXPECT_EQ(driver_->score().resent_messages(), 4u);
  ASSERT_EQ(door_->requests().size(), 24u);
  EXPECT_GE(door_->requests()[4].at_ns - refused_ns, 990'000'000u);
}

TEST_F(SendDriverTest, WithoutResendARefusalIsFinal) {
  auto source = many(10);
  const auto script = [](const FakeDoor::Request& request) {
    if (request.number % 2 == 0) return accept(request);
    return FakeDoor::reply("429 Too Many Requests", "Retry-After: 1000\r\n", "{\"title\":\"slow down\"}");
  };
  send(script, *source, {.connections = 2, .pipeline = 2, .resend = false});
  EXPECT_EQ(driver_->score().accepted_messages(), 5u);
  EXPECT_EQ(driver_->score().refused_messages(), 5u);
  EXPECT_NE(driver_->score().text().find("5 with 429: {\"title\":\"slow down\"}"), std::string::npos);
  EXPECT_NE(driver_->score().json().find("\"refused\":{\"429\":5}"), std::string::npos);
}

TEST_F(SendDriverTest, OnlyA202IsAccepted) {
  auto source = many(6);
  const auto script = [](const FakeDoor::Request& request) {
    return FakeDoor::reply(request.number <= 2 ? "200 OK" : request.number <= 4 ? "422 Unprocessable" : "202 Accepted");
  };
  send(script, *source, {.connections = 1, .pipeline = 1});
  EXPECT_EQ(driver_->score().accepted_messages(), 2u);
  EXPECT_EQ(driver_->score().refused_messages(), 4u);
}

TEST_F(SendDriverTest, ReconnectsAndSendsAgainWhatWasNotAnswered) {
  auto source = many(50);
  const auto script = [](const FakeDoor::Request& request) {
    return request.number % 10 == 0 ? std::string() : accept(request);
  };
  send(script, *source, {.connections = 2, .pipeline = 3});
  EXPECT_EQ(driver_->score().accepted_messages(), 50u);
  EXPECT_GT(driver_->score().resent_messages(), 0u);
  std::set<std::string> bodies;
  for (const auto& request : door_->requests()) bodies.insert(request.body);
  EXPECT_EQ(bodies.size(), 50u);
}

TEST_F(SendDriverTest, GivesUpOnARequestThatIsNeverAnswered) {
  auto source = many(1);
  send([](const FakeDoor::Request&) { return std::string(); }, *source);
  EXPECT_EQ(driver_->score().accepted_messages(), 0u);
  EXPECT_EQ(driver_->score().refused_messages(), 1u);
  EXPECT_EQ(door_->requests().size(), 5u);
}

TEST_F(SendDriverTest, GoesOnAfterAnAnswerThatClosesTheConnection) {
  auto source = many(9);
  const auto script = [](const FakeDoor::Request&) { return FakeDoor::reply("202 Accepted", "Connection: close\r\n"); };
  send(script, *source, {.connections = 1, .pipeline = 1});
  EXPECT_EQ(driver_->score().accepted_messages(), 9u);
  EXPECT_GE(door_->connections(), 9u);
  EXPECT_EQ(door_->requests().size(), 9u);
}

TEST_F(SendDriverTest, GivesUpWithoutAConnection) {
  auto source = many(3);
  sockaddr_storage nowhere{};
  {
    FakeDoor door(&loop_, accept);
    nowhere = door.address();
    door.close();
    uv_run(&loop_, UV_RUN_DEFAULT);
  }
  driver_ = std::make_unique<SendDriver>(
      &loop_, SendOptions{.address = nowhere, .head = "x", .patience = Duration::milliseconds(30)}, *source);
  driver_->start();
  uv_run(&loop_, UV_RUN_DEFAULT);
  EXPECT_TRUE(driver_->finished());
  EXPECT_EQ(driver_->error(), "no connection: connection refused");
}

TEST_F(SendDriverTest, KeepsToItsRate) {
  auto source = many(60);
  send(accept, *source, {.messages_per_second = 200});
  const auto& requests = door_->requests();
  ASSERT_EQ(requests.size(), 60u);
  // 11 at once by the tolerance of 50 ms, then one every 5 ms.
  EXPECT_GE(requests.back().at_ns - requests.front().at_ns, 240'000'000u);
}

TEST_F(SendDriverTest, FollowsAPipeUntilItEnds) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  auto source = make_line_source(ends[0], 256);
  const std::string line = "{\"body\":1}\n";
  ASSERT_EQ(write(ends[1], line.data(), line.size()), ssize_t(line.size()));
  // The door's first answer brings the next line, its second the end.
  const auto script = [&](const FakeDoor::Request& request) {
    if (request.number == 1) {
      EXPECT_EQ(write(ends[1], line.data(), line.size()), ssize_t(line.size()));
    }
    if (request.number == 2) close(ends[1]);
    return accept(request);
  };
  send(script, *source);
  EXPECT_EQ(door_->requests().size(), 2u);
  EXPECT_EQ(driver_->score().accepted_messages(), 2u);
}

TEST(LatencyHistogram, QuantilesAreWithinABucket) {
  LatencyHistogram histogram;
  for (int64_t us = 1; us <= 1000; ++us) histogram.add(us * 1000);
  EXPECT_NEAR(histogram.quantile_ms(0.5), 0.500, 0.02);
  EXPECT_NEAR(histogram.quantile_ms(0.99), 0.990, 0.04);
  EXPECT_EQ(LatencyHistogram().quantile_ms(0.5), 0);
}

}  // namespace
}  // namespace forebay
