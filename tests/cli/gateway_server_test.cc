// The mock gateway over real sockets: one thread, the client and the server on one loop.
#include "relay/cli/gateway_server.h"

#include <gtest/gtest.h>
#include <uv.h>

#include <string>

namespace forebay {
namespace {

size_t count_of(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

class GatewayServerTest : public testing::Test {
 protected:
  GatewayServerTest() { uv_loop_init(&loop_); }
  ~GatewayServerTest() override {
    if (server_) server_->close();
    uv_run(&loop_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&loop_), 0);
  }

  void start(GatewayOptions options) {
    server_ = std::make_unique<GatewayServer>(&loop_, options);
    ASSERT_EQ(server_->listen(), 0);
    ASSERT_GT(server_->port(), 0);
  }

  // Sends `bytes` over one connection and returns what came back until there were `replies` of them, or the
  // end.
  std::string talk(const std::string& bytes, size_t replies) {
    Client client{.test = this, .bytes = bytes, .replies = replies};
    sockaddr_in address{};
    uv_ip4_addr("127.0.0.1", server_->port(), &address);
    uv_tcp_init(&loop_, &client.tcp);
    client.tcp.data = client.connect.data = client.write.data = &client;
    uv_tcp_connect(&client.connect, &client.tcp, reinterpret_cast<sockaddr*>(&address), on_connected);
    while (!client.closed) uv_run(&loop_, UV_RUN_ONCE);
    return client.got;
  }

  static std::string post(const std::string& id = "") {
    const std::string header = id.empty() ? "" : "forebay-MESSAGE-id: " + id + "\r\n";
    return "POST /send HTTP/1.1\r\nHost: x\r\n" + header + "Content-Length: 2\r\n\r\nhi";
  }
  static std::string many(size_t count) {
    std::string bytes;
    for (size_t i = 0; i < count; ++i) bytes += post();
    return bytes;
  }

  uv_loop_t loop_;
  std::unique_ptr<GatewayServer> server_;

 private:
  struct Client {
    GatewayServerTest* test;
    std::string bytes;
    size_t replies;
    uv_tcp_t tcp{};
    uv_connect_t connect{};
    uv_write_t write{};
    std::string got{};
    char buffer[4096]{};
    bool closed = false;
  };

  static void on_connected(uv_connect_t* request, int status) {
    auto& client = *static_cast<Client*>(request->data);
    ASSERT_EQ(status, 0);
    uv_buf_t out = uv_buf_init(client.bytes.data(), static_cast<unsigned>(client.bytes.size()));
    auto* stream = reinterpret_cast<uv_stream_t*>(&client.tcp);
    uv_write(&client.write, stream, &out, 1, nullptr);
    const auto allocate = [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
      auto& owner = *static_cast<Client*>(handle->data);
      *buffer = uv_buf_init(owner.buffer, sizeof owner.buffer);
    };
    uv_read_start(stream, allocate, [](uv_stream_t* from, ssize_t size, const uv_buf_t* buffer) {
      auto& owner = *static_cast<Client*>(from->data);
      if (size > 0) owner.got.append(buffer->base, static_cast<size_t>(size));
      const bool whole = count_of(owner.got, "HTTP/1.1 ") >= owner.replies && owner.got.back() == '\n';
      if (size >= 0 && !whole) return;
      uv_close(reinterpret_cast<uv_handle_t*>(from),
               [](uv_handle_t* handle) { static_cast<Client*>(handle->data)->closed = true; });
    });
  }
};

TEST_F(GatewayServerTest, RefusesExactlyWhatIsAboveTheLimit) {
  start({.limit = RateSpec{10, Duration::hours(1)}});
  const std::string got = talk(many(25), 25);
  EXPECT_EQ(count_of(got, "HTTP/1.1 200"), 10u);
  EXPECT_EQ(count_of(got, "HTTP/1.1 429"), 15u);
  EXPECT_EQ(count_of(got, "Retry-After: 3600\r\n"), 15u);
  const GatewaySummary summary = server_->summary();
  EXPECT_EQ(summary.arrivals, 25u);
  EXPECT_EQ(summary.taken, 10u);
  EXPECT_EQ(summary.refused, 15u);
}

TEST_F(GatewayServerTest, WithoutALimitTakesAll) {
  start({});
  EXPECT_EQ(count_of(talk(many(1000), 1000), "HTTP/1.1 200"), 1000u);
  EXPECT_EQ(server_->summary().taken, 1000u);
}

TEST_F(GatewayServerTest, AnswersAfterItsLatencyInOrder) {
  start({.limit = RateSpec{3, Duration::hours(1)}, .latency = Duration::milliseconds(20)});
  const uint64_t began = uv_hrtime();
  const std::string got = talk(many(4) + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 5);
  EXPECT_GE(uv_hrtime() - began, 20'000'000u);
  EXPECT_LT(got.rfind("\"taken\""), got.find("429"));
  EXPECT_LT(got.find("429"), got.find("\"status\":\"ok\""));
}

TEST_F(GatewayServerTest, FailsASeededShare) {
  const auto failures = [this](uint64_t seed) {
    if (server_) server_->close();
    uv_run(&loop_, UV_RUN_DEFAULT);
    start({.fail_share = 0.1, .seed = seed});
    talk(many(2000), 2000);
    return server_->summary().failed;
  };
  const uint64_t first = failures(7);
  EXPECT_GT(first, 120u);
  EXPECT_LT(first, 280u);
  EXPECT_EQ(failures(7), first);
}

TEST_F(GatewayServerTest, CountsDuplicatesByMessageId) {
  start({});
  talk(post("A") + post("B") + post("A"), 3);
  EXPECT_EQ(server_->summary().duplicates, 1u);
  EXPECT_EQ(server_->summary().unique_ids, 2u);
}

TEST_F(GatewayServerTest, ServesItsSummary) {
  start({});
  talk(many(3), 3);
  const std::string got = talk("GET /summary HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 2);
  EXPECT_NE(got.find("\"arrivals\":3,\"taken\":3"), std::string::npos) << got;
  EXPECT_EQ(server_->summary().arrivals, 3u) << "asking for the summary is no arrival";
}

TEST_F(GatewayServerTest, ClosesAfterAnswersItCannotRead) {
  start({});
  const std::string got = talk(post() + "NONSENSE\r\n\r\n", 3);
  EXPECT_EQ(count_of(got, "HTTP/1.1 200"), 1u);
  EXPECT_EQ(count_of(got, "HTTP/1.1 400"), 1u);
}

}  // namespace
}  // namespace forebay
