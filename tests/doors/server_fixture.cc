#include "tests/doors/server_fixture.h"

#include <gtest/gtest.h>

#include <cassert>

namespace forebay::testing {

LoopThread::LoopThread() {
  uv_loop_init(&loop_);
  async_.data = this;
  uv_async_init(&loop_, &async_, [](uv_async_t* async) { static_cast<LoopThread*>(async->data)->run_posted(); });
  thread_ = std::thread([this] { uv_run(&loop_, UV_RUN_DEFAULT); });
}

LoopThread::~LoopThread() {
  run_on_loop([this] { uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr); });
  thread_.join();
  const int closed = uv_loop_close(&loop_);
  assert(closed == 0);
  (void)closed;
}

void LoopThread::run_on_loop(std::function<void()> task) {
  std::promise<void> done;
  {
    std::lock_guard lock(mutex_);
    posted_.push_back([&] {
      task();
      done.set_value();
    });
  }
  uv_async_send(&async_);
  done.get_future().wait();
}

void LoopThread::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

ServerFixture::ServerFixture(ServerOptions options, bool hold_answers) : hold_answers_(hold_answers) {
  server_ = make_server(thread_.loop(), std::move(options), *this);
  int error = 0;
  thread_.run_on_loop([&] { error = server_->listen(); });
  EXPECT_EQ(error, 0) << uv_strerror(error);
}

ServerFixture::~ServerFixture() {
  thread_.run_on_loop([this] { server_->close(); });
  // Close callbacks run in the turn after the one that asked for them; then the server may go.
  while (connections() > 0) {
  }
  thread_.run_on_loop([] {});
  thread_.run_on_loop([this] { server_.reset(); });
}

std::optional<uint64_t> ServerFixture::body_limit(std::string_view method, std::string_view path) {
  return limit_of ? limit_of(method, path) : std::nullopt;
}

void ServerFixture::on_request(const Request& request, ExchangeId exchange) {
  SeenRequest seen{std::string(request.method),
                   std::string(request.path),
                   std::string(request.query),
                   std::string(request.body),
                   {},
                   exchange};
  for (const auto& [name, value] : request.headers) seen.headers.emplace_back(name, value);
  {
    std::lock_guard lock(mutex_);
    seen_.push_back(std::move(seen));
  }
  changed_.notify_all();
  if (on_seen) return on_seen(request, exchange);
  if (hold_answers_) return;
  Response response;
  response.content_type = "text/plain";
  response.body = std::string(request.method) + " " + std::string(request.path) + " " + std::string(request.body);
  server_->respond(exchange, std::move(response));
}

bool ServerFixture::wait_for_requests(size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return seen_.size() >= count; });
}

std::vector<SeenRequest> ServerFixture::seen() {
  std::lock_guard lock(mutex_);
  return seen_;
}

void ServerFixture::answer(ExchangeId exchange, std::string body, bool close) {
  thread_.run_on_loop([&] {
    Response response;
    response.content_type = "text/plain";
    response.body = std::move(body);
    response.close = close;
    server_->respond(exchange, std::move(response));
  });
}

uint64_t ServerFixture::connections() {
  uint64_t count = 0;
  thread_.run_on_loop([&] { count = server_->connections(); });
  return count;
}

}  // namespace forebay::testing
