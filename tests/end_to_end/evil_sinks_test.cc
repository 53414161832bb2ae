// An evil sink, a dead one and a mute one among good ones, in one relay: the good are not affected, and whatever the
// others do is classified and counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/end_to_end/json_reply.h"
#include "tests/support/evil_server.h"

namespace forebay::testing {
namespace {

using Then = EvilServer::Answer::Then;

constexpr int messages = 100;

// Another misdeed with every arrival; the message decides which, so that a retry meets the same.
EvilServer::Answer misdeed(const EvilServer::Request& request) {
  switch (std::strtol(request.body.c_str(), nullptr, 10) % 7) {
    case 0:
      return {.bytes = "", .then = Then::close};
    case 1:
      return {.bytes = "", .then = Then::reset};
    case 2:
      return {.bytes = "", .then = Then::hang};
    case 3:
      return {.bytes = "HTTP/1.1 banana\r\n\r\n", .then = Then::close};
    case 4:
      return EvilServer::answer(500, std::string(200'000, 'x'));
    case 5:
      return EvilServer::answer(400);
    default:
      return EvilServer::answer(200);
  }
}

std::string sinks_and_queues(const std::string& evil, const std::string& good, const std::string& path) {
  const std::string in_a_hurry = "timeout: 300ms, breaker: {failures: 0}, dead_storm: 0, retry_budget: 100%";
  return "sinks:\n  evil: {url: \"" + evil + "\", " + in_a_hurry +
         "}\n  gone: {type: redis, url: \"redis://127.0.0.1:1\"" + ", redis: {name: x}, " + in_a_hurry +
         "}\n  mute: {type: smtp, url: \"" + "smtp://127.0.0.1:1\", " + "mail: {from: a@h, to: b@h}, " + in_a_hurry +
         "}\n  full: {type: file, path: /dev/full}\n  log: {type: file, path: \"" + path + "\"}\n  web: {url: \"" +
         good + "\"}\n" +
         "queues:\n  to_evil: {sink: evil, retry: &few {max_attempts: 2, min_backoff: 10ms, max_backoff: 20ms}}\n" +
         "  to_gone: {sink: gone, retry: *few}\n  to_mute: {sink: mute, retry: *few}\n  to_full: {sink: full}\n" +
         "  to_log: {sink: log}\n  to_web: {sink: web}\n" +
         "topics:\n  all: {queues: [to_evil, to_gone, to_mute, to_full, to_log, to_web]}\n";
}

double attempts(const RunningRelay& relay, const std::string& sink, const std::string& outcome) {
  return relay.metric("forebay_attempts_total{outcome=\"" + outcome + "\",sink=\"" + sink + "\"}").value_or(0);
}

double backlog(const RunningRelay& relay, const std::string& queue, const std::string& state) {
  return relay.metric("forebay_backlog_messages{class=\"default\",queue=\"" + queue + "\",state=\"" + state + "\"}")
      .value_or(-1);
}

TEST(EvilSinks, leave_the_good_alone_and_are_classified_and_counted) {
  EvilServer evil(misdeed), good([](const auto&) { return EvilServer::answer(200); });
  TempDir directory;
  const std::string path = directory.path() + "/out";
  RunningRelay relay(sinks_and_queues(evil.url(), good.url(), path));
  ASSERT_TRUE(relay.start()) << relay.output();
  for (int i = 0; i < messages; ++i) {
    ASSERT_EQ(relay.http("POST", "/v1/topics/all/messages", std::to_string(i)).status, 202);
  }
  const auto is_done = [&](const char* queue, double dead) {
    return backlog(relay, queue, "dead") == dead && backlog(relay, queue, "ready") == 0 &&
           backlog(relay, queue, "in_flight") == 0 && backlog(relay, queue, "retrying") == 0;
  };
  ASSERT_TRUE(RunningRelay::eventually([&] { return is_done("to_log", 0) && is_done("to_web", 0); })) << relay.output();
  EXPECT_EQ(good.arrivals(), messages);
  EXPECT_EQ(attempts(relay, "log", "delivered"), messages);
  EXPECT_EQ(attempts(relay, "web", "delivered"), messages);
  std::ifstream in(path);
  EXPECT_EQ(std::count(std::istreambuf_iterator<char>(in), {}, '\n'), messages);
  // 14 of 100 leave the remainder 6 and are delivered; the rest dies, after two attempts but for 14 refused (5).
  ASSERT_TRUE(RunningRelay::eventually([&] { return is_done("to_evil", messages - 14); }, 60)) << relay.output();
  EXPECT_EQ(attempts(relay, "evil", "delivered"), 14);
  EXPECT_EQ(attempts(relay, "evil", "dead"), 14);
  EXPECT_EQ(attempts(relay, "evil", "retry"), 2 * 14);
  EXPECT_EQ(attempts(relay, "evil", "unanswered"), 2 * (15 + 15 + 14 + 14));
  EXPECT_EQ(evil.arrivals(), 14 + 14 + 2 * 14 + 2 * 58);
  for (const char* sink : {"gone", "mute"}) {
    const std::string queue = std::string("to_") + sink;
    ASSERT_TRUE(RunningRelay::eventually([&] { return is_done(queue.c_str(), messages); }, 60)) << relay.output();
    EXPECT_EQ(attempts(relay, sink, "retry"), 2 * messages);
    EXPECT_EQ(attempts(relay, sink, "unanswered"), 0) << "nothing was sent";
  }
  EXPECT_GE(attempts(relay, "full", "sink_fault"), 1);
  EXPECT_EQ(attempts(relay, "full", "delivered") + attempts(relay, "full", "dead"), 0);
  EXPECT_EQ(backlog(relay, "to_full", "ready") + backlog(relay, "to_full", "in_flight"), messages);
  EXPECT_EQ(json_of(relay.admin("GET", "/v1/sinks/full"))["state"], "breaker");
  EXPECT_EQ(relay.admin("GET", "/healthz").status, 200);
  EXPECT_EQ(relay.stop(), 0);
}

}  // namespace
}  // namespace forebay::testing
