#include "doors/admin/admin_handler.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "doors/admin/status_json.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

// A browser says where the page that sends a POST, PUT or DELETE came from. The console comes from here.
bool from_elsewhere(const Request& request) {
  const auto origin = request.header("origin");
  if (!origin) return false;
  const auto host = request.header("host");
  if (!host) return true;
  return *origin != "http://" + std::string(*host) && *origin != "https://" + std::string(*host);
}

}  // namespace

struct AdminHandler::Route {
  std::string_view method;
  std::string_view pattern;
  void (AdminHandler::*handle)(const Call&);
  std::array<std::string_view, 2> parameters = {};  // of the query; all others are refused
};

std::span<const AdminHandler::Route> AdminHandler::routes() {
  using A = AdminHandler;
  static constexpr Route table[] = {
      {"GET", "/", &A::front},
      {"GET", "/metrics", &A::metrics},
      {"GET", "/healthz", &A::healthy},
      {"GET", "/readyz", &A::ready},
      {"GET", "/v1/status", &A::status},
      {"GET", "/v1/queues", &A::queues},
      {"GET", "/v1/queues/*", &A::queue},
      {"GET", "/v1/sinks", &A::sinks},
      {"GET", "/v1/sinks/*", &A::sink},
      {"POST", "/v1/queues/*:pause", &A::pause_queue},
      {"POST", "/v1/queues/*:resume", &A::resume_queue},
      {"POST", "/v1/queues/*:purge", &A::purge_queue},
      {"POST", "/v1/queues/*/classes/*:pause", &A::pause_class},
      {"POST", "/v1/queues/*/classes/*:resume", &A::resume_class},
      {"POST", "/v1/queues/*/keys/*:pause", &A::pause_key},
      {"POST", "/v1/queues/*/keys/*:resume", &A::resume_key},
      {"POST", "/v1/sinks/*:pause", &A::pause_sink},
      {"POST", "/v1/sinks/*:resume", &A::resume_sink},
      {"GET", "/v1/queues/*/dead", &A::dead, {"limit", "cursor"}},
      {"POST", "/v1/queues/*/dead:replay", &A::replay_dead, {"id"}},
      {"DELETE", "/v1/queues/*/dead", &A::purge_dead, {"id"}},
      {"POST", "/v1/config:reload", &A::reload},
      {"PUT", "/v1/sinks/*/limits", &A::pin_limits},
      {"DELETE", "/v1/sinks/*/limits", &A::unpin_limits},
      {"PUT", "/v1/topics/*/subscriptions/*", &A::subscribe},
      {"DELETE", "/v1/topics/*/subscriptions/*", &A::unsubscribe},
  };
  return table;
}

AdminHandler::AdminHandler(uv_loop_t* loop, AdminView& view, const Gate& gate, MetricsText text)
    : view_(view),
      gate_(gate),
      text_thread_(loop, std::move(text), [this](std::string made) { text_made(std::move(made)); }) {}

void AdminHandler::close() {
  view_.forget(*this);
  text_thread_.close();
  changing_.clear();
}

void AdminHandler::on_request(const Request& request, ExchangeId exchange) {
  Caller caller;
  if (auto refused = gate_.refusal(DoorSide::admin, request, true, &caller)) {
    return server_->respond(exchange, std::move(*refused));
  }
  const auto address = parse_address(request.path);
  if (!address) return refuse(exchange, "the path is badly percent-encoded");
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;  // the server cuts the body
  Call call{exchange, {}, {}, {}};
  std::string allow;
  for (const Route& route : routes()) {
    if (!matches(route.pattern, *address, &call.names)) continue;
    if (route.method == method) return run(route, request, std::move(call));
    if (!allow.empty()) allow += ", ";
    allow += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (allow.empty())
    return respond_problem(exchange, no_such_path("this is the admin door; messages go to the publish door"));
  Response response = problem_response(method_not_allowed(allow));
  response.headers.emplace_back("Allow", allow);
  server_->respond(exchange, std::move(response));
}

void AdminHandler::run(const Route& route, const Request& request, Call call) {
  auto query = parse_query(request.query);
  if (!query) return refuse(call.exchange, "the query is badly encoded or repeats a name");
  for (const auto& [name, value] : *query) {
    const auto& known = route.parameters;
    if (name.empty() || std::find(known.begin(), known.end(), name) == known.end()) {
      return refuse(call.exchange, "unknown query parameter \"" + name + "\"");
    }
    if (value.empty()) return refuse(call.exchange, "\"" + name + "\" is empty");
  }
  if (route.method != "GET" && from_elsewhere(request)) {
    return respond_problem(call.exchange,
                           {403, "other-origin", "Forbidden", "a page of another origin may not do this", {}});
  }
  const bool takes_body = route.handle == &AdminHandler::pin_limits;
  if (!request.body.empty() && !takes_body) {
    return refuse(call.exchange, "this call takes no body");
  }
  call.query = std::move(*query);
  call.body = request.body;
  (this->*route.handle)(call);
}

void AdminHandler::metrics(const Call& call) {
  waiting_scrapes_.push_back(call.exchange);
  if (!text_thread_.running()) start_text();
}

void AdminHandler::start_text() {
  assert(scrapes_.empty());
  scrapes_.swap(waiting_scrapes_);
  view_.refresh_gauges();
  text_thread_.start();
}

void AdminHandler::text_made(std::string text) {
  for (size_t i = 0; i < scrapes_.size(); i++) {
    Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    if (i + 1 < scrapes_.size()) {
      response.body = text;
    } else {
      response.body = std::move(text);
    }
    server_->respond(scrapes_[i], std::move(response));
  }
  scrapes_.clear();
  if (!waiting_scrapes_.empty()) start_text();
}

void AdminHandler::change(ExchangeId exchange, const std::function<std::optional<Problem>(uint64_t)>& change_now) {
  const uint64_t token = ++last_token_;
  changing_.emplace(token, exchange);
  const auto problem = change_now(token);
  if (!problem) return;
  changing_.erase(token);
  respond_problem(exchange, *problem);
}

std::optional<ExchangeId> AdminHandler::take(uint64_t token) {
  const auto found = changing_.find(token);
  if (found == changing_.end()) return std::nullopt;
  const ExchangeId exchange = found->second;
  changing_.erase(found);
  return exchange;
}

void AdminHandler::on_changed(uint64_t token, uint64_t count) {
  const auto exchange = take(token);
  assert(exchange);
  respond_json(*exchange, changed_json(count));
}

void AdminHandler::on_refused(uint64_t token, const Problem& problem) {
  const auto exchange = take(token);
  assert(exchange);
  respond_problem(*exchange, problem);
}

void AdminHandler::on_published(uint64_t /*token*/, std::span<const AcceptedMessage> /*accepted*/) {
  assert(false && "the admin door publishes nothing");
}

void AdminHandler::respond_json(ExchangeId exchange, std::string body) {
  Response response;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(body);
  server_->respond(exchange, std::move(response));
}

void AdminHandler::refuse(ExchangeId exchange, std::string detail) {
  respond_problem(exchange, {400, "bad-request", "Bad request", std::move(detail), {}});
}

void AdminHandler::respond_problem(ExchangeId exchange, const Problem& problem) {
  server_->respond(exchange, problem_response(problem));
}

}  // namespace forebay
