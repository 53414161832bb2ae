// A Server with a scripted handler, its loop on a thread of its own, so that tests block on raw sockets.
// Nothing here waits by the clock: run_on_loop() posts and waits for its turn, wait_until() is woken by
// events.
#pragma once

#include <uv.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "doors/server.h"
#include "tests/support/raw_client.h"

namespace forebay::testing {

struct SeenRequest {
  std::string method, path, query, body;
  std::vector<std::pair<std::string, std::string>> headers;
  ExchangeId exchange;
};

// A loop on its own thread; tasks posted to it run between two turns.
class LoopThread {
 public:
  LoopThread();
  ~LoopThread();  // runs what is left until every handle is closed
  uv_loop_t* loop() { return &loop_; }
  void run_on_loop(std::function<void()> task);  // waits for its end

 private:
  void run_posted();
  uv_loop_t loop_;
  uv_async_t async_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  bool stop_ = false;
  std::thread thread_;
};

// Answers at once with "method path body" unless told to hold answers back.
class ServerFixture : public RequestHandler {
 public:
  explicit ServerFixture(ServerOptions options = {}, bool hold_answers = false);
  ~ServerFixture() override;

  uint16_t port() const { return server_->port(); }
  RawClient connect() { return RawClient(server_->port()); }
  Server& server() { return *server_; }
  LoopThread& thread() { return thread_; }

  // Waits (at most 10 s) until so many requests were seen in all; false: they were not.
  bool wait_for_requests(size_t count);
  std::vector<SeenRequest> seen();
  void answer(ExchangeId exchange, std::string body, bool close = false);
  uint64_t connections();

  std::function<std::optional<uint64_t>(std::string_view, std::string_view)> limit_of;  // set before traffic
  std::function<void(const Request&, ExchangeId)> on_seen;                              // instead of answering

 private:
  std::optional<uint64_t> body_limit(std::string_view method, std::string_view path) override;
  void on_request(const Request& request, ExchangeId exchange) override;

  LoopThread thread_;
  const bool hold_answers_;
  std::unique_ptr<Server> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SeenRequest> seen_;
};

}  // namespace forebay::testing
