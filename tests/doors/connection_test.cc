// How a connection lives and ends: keep-alive, pipelining, 100-continue, half-closed clients, shutdown.
#include <gtest/gtest.h>

#include "tests/doors/server_fixture.h"

namespace forebay::testing {
namespace {

const std::string get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Connection, Http10ClosesUnlessAskedToStay) {
  ServerFixture fixture;
  RawClient stays = fixture.connect();
  ASSERT_TRUE(stays.send("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  EXPECT_EQ(stays.read_response()->header("Connection"), "keep-alive");
  ASSERT_TRUE(stays.send("GET /b HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(stays.read_response()->header("Connection"), "close");
  EXPECT_TRUE(stays.closed_quietly());
}

TEST(Connection, CloseIsKeptAndNothingAfterItIsRead) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n" + get));
  EXPECT_EQ(client.read_response()->header("Connection"), "close");
  EXPECT_TRUE(client.closed_quietly());
  EXPECT_EQ(fixture.seen().size(), 1u);
}

TEST(Connection, AHandlerMayClose) {
  ServerFixture fixture({}, true);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(get + get));
  ASSERT_TRUE(fixture.wait_for_requests(2));
  fixture.answer(fixture.seen()[1].exchange, "never leaves");
  fixture.answer(fixture.seen()[0].exchange, "last", true);
  EXPECT_EQ(client.read_response()->body, "last");
  EXPECT_TRUE(client.closed_quietly());
}

TEST(Connection, AHalfClosedClientGetsItsAnswers) {
  ServerFixture fixture({}, true);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(get + get));
  client.shut_down_writing();
  ASSERT_TRUE(fixture.wait_for_requests(2));
  fixture.answer(fixture.seen()[1].exchange, "second");
  fixture.answer(fixture.seen()[0].exchange, "first");
  EXPECT_EQ(client.read_response()->body, "first");
  EXPECT_EQ(client.read_response()->body, "second");
  EXPECT_TRUE(client.closed_quietly());
}

TEST(Connection, ARequestCutByItsClientIsToldSo) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc"));
  client.shut_down_writing();
  EXPECT_EQ(client.read_response()->status, 400);
  EXPECT_TRUE(client.closed_quietly());
  EXPECT_TRUE(fixture.seen().empty());
}

TEST(Connection, ReadsABodyThatComesInPieces) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  const std::string body(200'000, 'b');
  ASSERT_TRUE(client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"));
  for (size_t at = 0; at < body.size(); at += 50'000) ASSERT_TRUE(client.send(body.substr(at, 50'000)));
  EXPECT_EQ(client.read_response()->body, "POST /a " + body);
  ASSERT_TRUE(client.send("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.send("4\r\nabcd\r\n"));
  ASSERT_TRUE(client.send("0\r\n\r\n"));
  EXPECT_EQ(client.read_response()->body, "POST /c abcdabcdabcd");
}

TEST(Connection, ContinuesOnlyWhenTheBodyWillBeRead) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_response()->status, 100);
  ASSERT_TRUE(client.send("hi"));
  EXPECT_EQ(client.read_response()->body, "POST /a hi");
  // Not asked for: the body is there already; there is none; the client speaks 1.0.
  ASSERT_TRUE(client.send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi"));
  EXPECT_EQ(client.read_response()->body, "POST /b hi");
  ASSERT_TRUE(client.send("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_response()->body, "POST /c ");
  ASSERT_TRUE(client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_response()->status, 413);
  EXPECT_TRUE(client.closed_quietly());
}

TEST(Connection, ContinueWaitsForTheAnswersBeforeIt) {
  ServerFixture fixture({}, true);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(get + "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  ASSERT_TRUE(fixture.wait_for_requests(1));
  fixture.answer(fixture.seen()[0].exchange, "first");
  EXPECT_EQ(client.read_response()->body, "first");
  EXPECT_EQ(client.read_response()->status, 100);
  ASSERT_TRUE(client.send("hi"));
  ASSERT_TRUE(fixture.wait_for_requests(2));
  EXPECT_EQ(fixture.seen()[1].body, "hi");
}

TEST(Connection, OptionsStarIsAnswered) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n" + get));
  EXPECT_EQ(client.read_response()->status, 204);
  EXPECT_EQ(client.read_response()->body, "GET /a ");
}

TEST(Connection, ARefusalComesAfterTheAnswersBeforeIt) {
  ServerFixture fixture({}, true);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(get + "BROKEN\r\n\r\n"));
  ASSERT_TRUE(fixture.wait_for_requests(1));
  fixture.answer(fixture.seen()[0].exchange, "fine");
  EXPECT_EQ(client.read_response()->body, "fine");
  EXPECT_EQ(client.read_response()->status, 400);
  EXPECT_TRUE(client.closed_quietly());
}

// A client that has sent more than it should must still see why it was refused: no reset may overtake the
// answer.
TEST(Connection, ARefusedUploadIsDrainedSoThatTheAnswerArrives) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"));
  ASSERT_TRUE(client.send(std::string(200'000, 'x')));
  EXPECT_EQ(client.read_response()->status, 413);
  EXPECT_TRUE(client.closed_quietly());
  EXPECT_FALSE(client.was_reset());
}

TEST(Connection, ManyPipelinedRequestsComeBackInOrder) {
  ServerOptions options;
  options.max_pipelined = 8;
  options.max_unsent_bytes = 4096;
  ServerFixture fixture(options);
  RawClient client = fixture.connect();
  std::string requests;
  for (int i = 0; i < 2000; ++i) {
    requests += "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n" + std::to_string(1000 + i);
  }
  std::thread sender([&] { EXPECT_TRUE(client.send(requests)); });
  sender.join();
  for (int i = 0; i < 2000; ++i) {
    const auto response = client.read_response();
    ASSERT_TRUE(response) << i;
    ASSERT_EQ(response->body, "POST /p " + std::to_string(1000 + i));
  }
}

TEST(Connection, StoppingClosesIdleOnesAndLetsOthersFinish) {
  ServerFixture fixture({}, true);
  RawClient idle = fixture.connect();
  RawClient waiting = fixture.connect();
  RawClient half = fixture.connect();
  ASSERT_TRUE(waiting.send(get));
  ASSERT_TRUE(fixture.wait_for_requests(1));
  ASSERT_TRUE(half.send("POST /h HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(half.read_response()->status, 100);
  while (fixture.connections() < 3) {
  }
  fixture.thread().run_on_loop([&] { fixture.server().stop_accepting(); });
  EXPECT_TRUE(idle.closed_quietly());
  EXPECT_FALSE(fixture.connect().connected());
  fixture.answer(fixture.seen()[0].exchange, "done");
  auto response = waiting.read_response();
  EXPECT_EQ(response->body, "done");
  EXPECT_EQ(response->header("Connection"), "close");
  EXPECT_TRUE(waiting.closed_quietly());
  ASSERT_TRUE(half.send("hi"));
  ASSERT_TRUE(fixture.wait_for_requests(2));
  fixture.answer(fixture.seen()[1].exchange, "half");
  response = half.read_response();
  EXPECT_EQ(response->body, "half");
  EXPECT_EQ(response->header("Connection"), "close");
  EXPECT_TRUE(half.closed_quietly());
}

TEST(Connection, AnswersToConnectionsThatAreGoneAreIgnored) {
  ServerFixture fixture({}, true);
  {
    RawClient client = fixture.connect();
    ASSERT_TRUE(client.send(get));
    ASSERT_TRUE(fixture.wait_for_requests(1));
    client.reset();
  }
  while (fixture.connections() > 0) {
  }
  RawClient next = fixture.connect();  // takes the place of the one that left
  ASSERT_TRUE(next.send(get));
  ASSERT_TRUE(fixture.wait_for_requests(2));
  fixture.answer(fixture.seen()[0].exchange, "for the one that left");
  fixture.answer(fixture.seen()[1].exchange, "for the next");
  EXPECT_EQ(next.read_response()->body, "for the next");
}

}  // namespace
}  // namespace forebay::testing
