#include "doors/admin/admin_handler.h"

#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "tests/admin/fakes.h"

namespace forebay {
namespace {

using Json = nlohmann::json;

class AdminHandlerTest : public ::testing::Test {
 public:
  AdminHandlerTest() {
    uv_loop_init(&loop_);
    handler_.emplace(&loop_, view_, gate_, [this] { return make_text(); });
    handler_->answer_through(server_);
  }
  ~AdminHandlerTest() override {
    handler_->close();
    uv_run(&loop_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&loop_), 0);
  }

  using Headers = std::vector<std::pair<std::string_view, std::string_view>>;
  // The number of the exchange.
  uint64_t send(std::string_view method, std::string_view target, Headers headers = {}, std::string_view body = {}) {
    const size_t mark = std::min(target.find('?'), target.size());
    Request request;
    request.method = method;
    request.path = target.substr(0, mark);
    request.query = mark < target.size() ? target.substr(mark + 1) : "";
    request.headers = headers;
    request.body = body;
    handler_->on_request(request, {1, ++last_});
    return last_;
  }
  const Response& ask(std::string_view method, std::string_view target, Headers headers = {},
                      std::string_view body = {}) {
    return server_.answers.at(send(method, target, headers, body));
  }
  bool answered(uint64_t number) const { return server_.answers.contains(number); }
  void run_until_answered(uint64_t number) {
    while (!answered(number)) uv_run(&loop_, UV_RUN_ONCE);
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }

  std::string make_text() {
    text_thread_id_ = std::this_thread::get_id();
    std::unique_lock lock(mutex_);
    texts_started_++;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !hold_text_; });
    return "metric " + std::to_string(texts_started_) + "\n";
  }

  uv_loop_t loop_;
  FakeView view_;
  Gate gate_{std::vector<AuthToken>{}};
  FakeServer server_;
  std::optional<AdminHandler> handler_;
  uint64_t last_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool hold_text_ = false;
  bool disk_awake_ = false;
  size_t work_done_ = 0;
  int texts_started_ = 0;
  std::thread::id text_thread_id_;
};

TEST_F(AdminHandlerTest, MetricsAreMadeOnAnotherThreadAfterTheGaugesAreFresh) {
  const uint64_t scrape = send("GET", "/metrics");
  EXPECT_EQ(view_.refreshed, 1);
  EXPECT_FALSE(answered(scrape));
  run_until_answered(scrape);
  const Response& response = server_.answers.at(scrape);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(response.body, "metric 1\n");
  EXPECT_NE(text_thread_id_, std::this_thread::get_id());
}

TEST_F(AdminHandlerTest, ScrapesDuringATextShareTheNextOne) {
  hold_text_ = true;
  const uint64_t first = send("GET", "/metrics");
  const uint64_t second = send("GET", "/metrics");
  const uint64_t third = send("GET", "/metrics");
  EXPECT_EQ(view_.refreshed, 1);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);  // the loop is free meanwhile
  {
    std::lock_guard lock(mutex_);
    hold_text_ = false;
  }
  changed_.notify_all();
  run_until_answered(third);
  EXPECT_EQ(view_.refreshed, 2);
  EXPECT_EQ(server_.answers.at(first).body, "metric 1\n");
  EXPECT_EQ(server_.answers.at(second).body, "metric 2\n");
  EXPECT_EQ(server_.answers.at(third).body, "metric 2\n");
}

TEST_F(AdminHandlerTest, ClosingDuringATextIsSafe) {
  send("GET", "/metrics");
}

// A slow disk fills libuv's pool of four threads; the metrics must not wait behind it.
TEST_F(AdminHandlerTest, MetricsComeWhileLibuvsPoolIsStuck) {
  std::array<uv_work_t, 8> stuck{};
  for (uv_work_t& work : stuck) {
    work.data = this;
    uv_queue_work(
        &loop_, &work,
        [](uv_work_t* w) {
          auto* test = static_cast<AdminHandlerTest*>(w->data);
          std::unique_lock lock(test->mutex_);
          test->changed_.wait(lock, [test] { return test->disk_awake_; });
        },
        [](uv_work_t* w, int) { static_cast<AdminHandlerTest*>(w->data)->work_done_++; });
  }
  const uint64_t scrape = send("GET", "/metrics");
  run_until_answered(scrape);
  EXPECT_EQ(work_done_, 0u);
  {
    std::lock_guard lock(mutex_);
    disk_awake_ = true;
  }
  changed_.notify_all();
  while (work_done_ < stuck.size()) uv_run(&loop_, UV_RUN_ONCE);
}

TEST_F(AdminHandlerTest, HealthyWhileTheLoopRuns) {
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  view_.state.ready = false;
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(AdminHandlerTest, NotReadyTellsWhy) {
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
  view_.state.ready = false;
  view_.state.not_ready_because = {"segment 7 is quarantined", "disk full"};
  const Response& response = ask("GET", "/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(Json::parse(response.body)["detail"], "segment 7 is quarantined; disk full");
}

TEST_F(AdminHandlerTest, StatusShowsEverything) {
  view_.state.queues[0].drain_seconds = std::numeric_limits<double>::infinity();
  view_.state.sinks[0].state = "throttled";
  view_.state.sinks[0].reason = "http 429";
  view_.state.sinks[0].pinned = R"({"concurrency":10})";
  view_.state.queues[0].paused_keys = {"+49", "\xff"};
  view_.state.queues[0].flows = 2;
  view_.state.sinks[0].until = WallTime::from_ms(1'700'000'060'000);
  view_.state.topics = {{"order.paid", {"sms", "audit"}}};
  const Response& response = ask("GET", "/v1/status");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(header(response, "Cache-Control"), "no-store");
  EXPECT_EQ(Json::parse(response.body), Json::parse(R"({
    "version": "0.1.0", "started": "2023-11-14T22:13:20.123Z", "ready": true, "not_ready_because": [],
    "queues": [{"name": "sms", "sink": "gateway", "paused": false,
      "messages": {"ready": 10, "delayed": 20, "retrying": 3, "in_flight": 4, "leased": 0, "held": 0, "dead": 5},
      "bytes": 12600, "max_messages": 10000000, "max_bytes": 1073741824, "oldest_age_seconds": 1.5,
      "drain_seconds": null, "accepted": 100, "delivered": 63, "expired": 0, "retries": 0,
      "classes": [{"name": "default", "priority": 1, "ready": 10, "delayed": 20, "retrying": 3, "in_flight": 4,
        "leased": 0, "held": 0, "paused": false}], "paused_keys": ["+49", "\ufffd"], "flows": 2}],
    "sinks": [{"name": "gateway", "type": "http", "state": "throttled", "reason": "http 429",
      "until": "2023-11-14T22:14:20.000Z", "in_flight": 4, "attempts": {"delivered": 63, "retry": 2},
      "limits": [{"name": "300/1s", "effective": 300, "utilization": 0.25, "remaining": 225, "enforced": true,
        "exceeded": 0}], "pinned": {"concurrency": 10}}],
    "topics": [{"name": "order.paid", "queues": ["sms", "audit"]}]})"));
}

TEST_F(AdminHandlerTest, QueuesAndSinksOneByOneAndAll) {
  view_.state.queues.push_back(sample_queue("短信/eu"));
  EXPECT_EQ(Json::parse(ask("GET", "/v1/queues").body)["queues"].size(), 2u);
  EXPECT_EQ(Json::parse(ask("GET", "/v1/sinks").body)["sinks"].size(), 1u);
  EXPECT_EQ(Json::parse(ask("GET", "/v1/queues/sms").body)["messages"]["retrying"], 3);
  EXPECT_EQ(Json::parse(ask("GET", "/v1/queues/%E7%9F%AD%E4%BF%A1%2Feu").body)["name"], "短信/eu");
  EXPECT_EQ(Json::parse(ask("GET", "/v1/sinks/gateway").body)["limits"][0]["name"], "300/1s");
  EXPECT_EQ(ask("GET", "/v1/queues/nosuch").status, 404);
  EXPECT_EQ(ask("GET", "/v1/sinks/nosuch").status, 404);
}

TEST_F(AdminHandlerTest, ChangesAreAnsweredOnlyWhenDurable) {
  const std::vector<std::pair<std::string, std::string>> calls = {
      {"POST /v1/queues/sms:pause", "pause queue sms"},
      {"POST /v1/queues/sms:resume", "resume queue sms"},
      {"POST /v1/queues/sms:purge", "purge queue sms"},
      {"POST /v1/queues/sms/classes/otp:pause", "pause class otp of sms"},
      {"POST /v1/queues/sms/classes/otp:resume", "resume class otp of sms"},
      {"POST /v1/queues/sms/keys/%2B49%2F1:2%20%25:pause", "pause key +49/1:2 % of sms"},
      {"POST /v1/queues/sms/keys/acme:resume", "resume key acme of sms"},
      {"DELETE /v1/sinks/gateway/limits", "unpin gateway"},
      {"POST /v1/sinks/gateway:pause", "pause sink gateway"},
      {"POST /v1/sinks/gateway:resume", "resume sink gateway"},
      {"POST /v1/queues/sms/dead:replay", "replay sms ''"},
      {"POST /v1/queues/sms/dead:replay?id=01ABC", "replay sms '01ABC'"},
      {"DELETE /v1/queues/sms/dead", "bury sms ''"},
      {"DELETE /v1/queues/sms/dead?id=01ABC", "bury sms '01ABC'"},
  };
  for (const auto& [call, what] : calls) {
    const size_t space = call.find(' ');
    const uint64_t number = send(call.substr(0, space), call.substr(space + 1));
    ASSERT_FALSE(answered(number)) << call;
    ASSERT_EQ(view_.changes.size(), 1u) << call;
    EXPECT_EQ(view_.changes[0].what, what);
    view_.changes[0].listener->on_changed(view_.changes[0].token, 7);
    view_.changes.clear();
    ASSERT_TRUE(answered(number)) << call;
    EXPECT_EQ(server_.answers.at(number).status, 200);
    EXPECT_EQ(server_.answers.at(number).body, "{\"changed\":7}\n");
  }
}

TEST_F(AdminHandlerTest, APinIsAnsweredWhenDurableAndNeedsABody) {
  const uint64_t number = send("PUT", "/v1/sinks/gateway/limits", {}, R"({"limits": ["100/1s"]})");
  ASSERT_EQ(view_.changes.size(), 1u);
  EXPECT_FALSE(answered(number));
  EXPECT_EQ(view_.changes[0].what, R"(pin gateway {"limits": ["100/1s"]})");
  view_.changes[0].listener->on_changed(view_.changes[0].token, 1);
  EXPECT_EQ(server_.answers.at(number).status, 200);
  view_.changes.clear();
  EXPECT_EQ(ask("PUT", "/v1/sinks/gateway/limits").status, 400);
  EXPECT_EQ(ask("DELETE", "/v1/sinks/gateway/limits", {}, "{}").status, 400);
  EXPECT_EQ(ask("POST", "/v1/queues/sms/keys/:pause").status, 404) << "no key has no name";
  EXPECT_TRUE(view_.changes.empty());
}

TEST_F(AdminHandlerTest, AReloadTellsWhatItDid) {
  view_.reloaded.applied = {"sinks.gateway.limits"};
  view_.reloaded.needs_restart = {"doors"};
  const Response& response = ask("POST", "/v1/config:reload");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Json::parse(response.body),
            Json::parse(R"({"applied": ["sinks.gateway.limits"], "needs_restart": ["doors"]})"));
}

TEST_F(AdminHandlerTest, ARefusedReloadTellsEveryError) {
  view_.reloaded.errors = {{"f.yaml", 3, 5, "unknown key `limts`", "did you mean `limits`?"},
                           {"f.yaml", 9, 1, "not a duration", ""}};
  const Response& response = ask("POST", "/v1/config:reload");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const Json problem = Json::parse(response.body);
  EXPECT_EQ(problem["type"], "/problems/bad-config");
  EXPECT_EQ(problem["errors"], Json::parse(R"([
    {"file": "f.yaml", "line": 3, "column": 5, "what": "unknown key `limts`", "hint": "did you mean `limits`?"},
    {"file": "f.yaml", "line": 9, "column": 1, "what": "not a duration", "hint": ""}])"));
}

TEST_F(AdminHandlerTest, LateAnswersGoToTheirOwnRequests) {
  const uint64_t pause = send("POST", "/v1/queues/sms:pause");
  const uint64_t purge = send("POST", "/v1/queues/sms:purge");
  view_.changes[1].listener->on_changed(view_.changes[1].token, 9);
  EXPECT_FALSE(answered(pause));
  EXPECT_EQ(server_.answers.at(purge).body, "{\"changed\":9}\n");
  view_.changes[0].listener->on_refused(view_.changes[0].token, {507, "disk-full", "Disk full", "", {}});
  EXPECT_EQ(server_.answers.at(pause).status, 507);
}

TEST_F(AdminHandlerTest, WhatTheRelayRefusesIsAProblemAtOnce) {
  view_.refuse = Problem{404, "not-found", "Not found", "no such queue", {}};
  EXPECT_EQ(ask("POST", "/v1/queues/nosuch:pause").status, 404);
  view_.dead_page = Problem{404, "not-found", "Not found", "no such queue", {}};
  EXPECT_EQ(ask("GET", "/v1/queues/nosuch/dead").status, 404);
}

TEST_F(AdminHandlerTest, DeadLettersComeInPages) {
  DeadPage page;
  page.letters = {{"01ABC", 10, WallTime::from_ms(1'700'000'000'000), 300, "http 404", "caf\xe9 \x01"}};
  page.total = 2;
  page.next = "01ABC";
  view_.dead_page = page;
  const Json first = Json::parse(ask("GET", "/v1/queues/sms/dead?limit=1").body);
  EXPECT_EQ(first, Json::parse(R"({"letters": [{"id": "01ABC", "attempts": 10,
    "died": "2023-11-14T22:13:20.000Z", "bytes": 300, "reason": "http 404",
    "excerpt": "caf� \u0001"}], "total": 2, "next": "01ABC"})"));
  page.next.clear();
  view_.dead_page = page;
  EXPECT_TRUE(Json::parse(ask("GET", "/v1/queues/sms/dead?cursor=01ABC").body)["next"].is_null());
  EXPECT_EQ(view_.asked, (std::vector<std::string>{"sms from '' 1", "sms from '01ABC' 100"}));
  for (const char* limit : {"0", "-1", "1001", "ten", "10x", "99999999999999999999"}) {
    EXPECT_EQ(ask("GET", std::string("/v1/queues/sms/dead?limit=") + limit).status, 400) << limit;
  }
}

TEST_F(AdminHandlerTest, AHalfUnderstoodRequestChangesNothing) {
  EXPECT_EQ(ask("DELETE", "/v1/queues/sms/dead?ID=01ABC").status, 400);
  EXPECT_EQ(ask("DELETE", "/v1/queues/sms/dead?id=").status, 400);
  EXPECT_EQ(ask("DELETE", "/v1/queues/sms/dead?id=1&id=2").status, 400);
  EXPECT_EQ(ask("DELETE", "/v1/queues/sms/dead?=1").status, 400);
  EXPECT_EQ(ask("POST", "/v1/queues/sms:purge?older_than=1h").status, 400);
  EXPECT_EQ(ask("POST", "/v1/queues/sms/dead:replay", {}, R"({"id":"01ABC"})").status, 400);
  EXPECT_EQ(ask("POST", "/v1/queues/sm%:purge").status, 400);
  EXPECT_TRUE(view_.changes.empty());
}

TEST_F(AdminHandlerTest, PagesOfOtherOriginsChangeNothing) {
  const std::string host = "127.0.0.1:7071";
  EXPECT_EQ(ask("POST", "/v1/queues/sms:purge", {{"Host", host}, {"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(ask("POST", "/v1/queues/sms:purge", {{"Host", host}, {"Origin", "null"}}).status, 403);
  EXPECT_TRUE(view_.changes.empty());
  send("POST", "/v1/queues/sms:pause", {{"Host", host}, {"Origin", "http://" + host}});
  EXPECT_EQ(view_.changes.size(), 1u);
}

TEST_F(AdminHandlerTest, WrongMethodsAreToldTheRightOnes) {
  const Response& one = ask("POST", "/v1/status");
  EXPECT_EQ(one.status, 405);
  EXPECT_EQ(header(one, "Allow"), "GET, HEAD");
  EXPECT_EQ(header(ask("PATCH", "/v1/queues/sms/dead"), "Allow"), "GET, HEAD, DELETE");
  EXPECT_EQ(header(ask("GET", "/v1/queues/sms:pause"), "Allow"), "POST");
  EXPECT_EQ(header(ask("DELETE", "/v1/queues/sms/dead:replay"), "Allow"), "POST");
  EXPECT_EQ(ask("HEAD", "/v1/status").status, 200);
  EXPECT_EQ(ask("HEAD", "/v1/queues/sms:purge").status, 405);
}

TEST_F(AdminHandlerTest, WhatIsNotThereIs404) {
  for (const char* path : {"/v1", "/v2/status", "/v1/queues/", "/v1/queues/sms:stop", "/v1/queues/sms/dead:purge",
                           "/metrics/", "//metrics", "/v1/queues/sms/messages"}) {
    const Response& response = ask("GET", path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.content_type, "application/problem+json");
  }
}

TEST_F(AdminHandlerTest, AQueueIsSubscribedAndUnsubscribedOnceThatIsDurable) {
  for (const char* call : {"PUT", "DELETE"}) send(call, "/v1/topics/order.paid/subscriptions/audit");
  ASSERT_EQ(view_.changes.size(), 2u);
  EXPECT_EQ(view_.changes[0].what, "subscribe audit order.paid");
  EXPECT_EQ(view_.changes[1].what, "unsubscribe audit order.paid");
}

TEST_F(AdminHandlerTest, TheFrontPageLinksWithoutScripts) {
  const Response& page = ask("GET", "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(page.body.find("<script"), std::string::npos);
  for (const char* path : {"/v1/status", "/v1/queues", "/v1/sinks", "/readyz", "/healthz"}) {
    EXPECT_NE(page.body.find("href=\"" + std::string(path) + "\""), std::string::npos);
    EXPECT_EQ(ask("GET", path).status, 200);
  }
}

}  // namespace
}  // namespace forebay
