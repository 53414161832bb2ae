// GatewayServer: a mock SMS gateway. It reads HTTP/1.1 leniently, stamps each request when its last bytes are
// read, lets it through its sliding limit or answers 429, and keeps score.
//
// Independent of doors/ and limiter/ on purpose: what it counts is the outside witness in tests and the demo.
//   any other request   200 after `latency`; 500 for a seeded share of them; 429 + Retry-After above the
//   limit GET /summary        the score as JSON        GET /healthz   200
// A request answered 500 has passed the limit and counts in it; one answered 429 has not.
// All on the loop thread. After close() the loop must run until uv_run returns before the object may go.
#pragma once

#include <uv.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>

#include "relay/cli/gateway_limit.h"
#include "relay/cli/gateway_score.h"

namespace forebay {

struct GatewayOptions {
  HostPort listen{"127.0.0.1", 0};
  std::optional<RateSpec> limit;  // nullopt: none
  Duration latency;
  double fail_share = 0;  // of those that pass the limit, answered 500
  uint64_t seed = 1;
};

class GatewayServer {
 public:
  GatewayServer(uv_loop_t* loop, GatewayOptions options);
  ~GatewayServer();
  GatewayServer(const GatewayServer&) = delete;
  GatewayServer& operator=(const GatewayServer&) = delete;

  int listen();  // 0, or a libuv error
  uint16_t port() const { return port_; }
  GatewaySummary summary() const { return score_.summary(); }
  void close();

 private:
  friend class GatewayConnection;
  struct Late {
    int64_t due_ns;
    uint64_t connection;
    std::string answer;
    bool close;
  };

  static void on_connection(uv_stream_t* listener, int status);
  static void on_timer(uv_timer_t* timer);
  std::string answer_to(std::string_view method, std::string_view path, std::string_view message_id, int64_t at_ns);
  std::string answer_send(std::string_view message_id, int64_t at_ns);
  void answer_late(uint64_t connection, std::string answer, bool close, int64_t at_ns);
  void start_timer();
  void gone(uint64_t connection);

  uv_loop_t* loop_;
  GatewayOptions options_;
  std::optional<SlidingLimit> limit_;
  GatewayScore score_;
  std::mt19937_64 random_;
  std::bernoulli_distribution fails_;
  uv_tcp_t listener_{};
  uv_timer_t timer_{};
  uint16_t port_ = 0;
  bool listening_ = false, closing_ = false;
  uint64_t next_connection_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<class GatewayConnection>> connections_;
  std::deque<Late> late_;  // by due time: the latency is the same for all
};

}  // namespace forebay
