#include <gtest/gtest.h>

#include "tests/doors/server_fixture.h"

namespace forebay::testing {
namespace {

TEST(ServerAddress, IsWrittenAsItIsConfigured) {
  EXPECT_EQ(address_text("127.0.0.1", 7070), "127.0.0.1:7070");
  EXPECT_EQ(address_text("::1", 7070), "[::1]:7070");
}

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Server, AnswersAndKeepsTheConnection) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send("POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"));
    auto response = client.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "POST /a/b hello");
    EXPECT_EQ(response->header("Connection"), "");
    EXPECT_EQ(response->header("Content-Type"), "text/plain");
    EXPECT_EQ(response->header("Date").size(), 29u);
  }
  EXPECT_EQ(fixture.seen()[0].query, "c=d");
}

TEST(Server, PutsLateAnswersInTheOrderOfTheRequests) {
  ServerFixture fixture({}, true);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(std::string(get) + std::string(get) + std::string(get)));
  ASSERT_TRUE(fixture.wait_for_requests(3));
  const auto seen = fixture.seen();
  fixture.answer(seen[2].exchange, "third");
  fixture.answer(seen[1].exchange, "second");
  fixture.answer(seen[1].exchange, "twice");
  fixture.answer(seen[0].exchange, "first");
  for (const char* expected : {"first", "second", "third"}) {
    auto response = client.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, expected);
  }
}

TEST(Server, FlushedAnswersDoNotWaitForTheEndOfTheTurn) {
  ServerFixture fixture({}, true);
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send(get));
  ASSERT_TRUE(fixture.wait_for_requests(1));
  const ExchangeId exchange = fixture.seen()[0].exchange;
  fixture.thread().run_on_loop([&] {
    Response response;
    response.body = "now";
    fixture.server().respond(exchange, std::move(response));
    fixture.server().flush();
    const auto received = client.read_response();  // still in the turn
    EXPECT_TRUE(received && received->body == "now");
  });
}

TEST(Server, HeadIsAnsweredWithoutBody) {
  ServerFixture fixture;
  RawClient client = fixture.connect();
  ASSERT_TRUE(client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(get)));
  auto response = client.read_response(true);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->header("Content-Length"), "8");
  response = client.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "GET /a ");
}

}  // namespace
}  // namespace forebay::testing
