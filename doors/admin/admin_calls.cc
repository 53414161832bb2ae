// What each path of the admin door does; admin_handler.cc finds the path.
#include <charconv>
#include <utility>

#include "doors/admin/admin_handler.h"
#include "doors/admin/front_page.h"
#include "doors/admin/status_json.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

constexpr uint32_t dead_page_default = 100;
constexpr uint32_t dead_page_max = 1000;

// nullopt: not a number from 1 to dead_page_max.
std::optional<uint32_t> page_limit(const Query& query) {
  const auto found = query.find("limit");
  if (found == query.end()) return dead_page_default;
  const std::string& text = found->second;
  uint32_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (limit < 1 || limit > dead_page_max) return std::nullopt;
  return limit;
}

std::string value_or_empty(const Query& query, std::string_view name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

}  // namespace

void AdminHandler::front(const Call& call) {
  Response response;
  response.content_type = "text/html; charset=utf-8";
  response.headers.emplace_back("Content-Security-Policy", "default-src 'none'");
  response.body = front_page();
  server_->respond(call.exchange, std::move(response));
}

void AdminHandler::healthy(const Call& call) {
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "ok\n";
  server_->respond(call.exchange, std::move(response));
}

void AdminHandler::ready(const Call& call) {
  const RelayStatus status = view_.status();
  if (status.ready) return healthy(call);
  std::string reasons;
  for (const std::string& reason : status.not_ready_because) {
    if (!reasons.empty()) reasons += "; ";
    reasons += reason;
  }
  respond_problem(call.exchange, {503, "not-ready", "Not ready", std::move(reasons), {}});
}

void AdminHandler::status(const Call& call) {
  respond_json(call.exchange, to_json(view_.status()));
}

void AdminHandler::queues(const Call& call) {
  respond_json(call.exchange, to_json(view_.status().queues));
}

void AdminHandler::sinks(const Call& call) {
  respond_json(call.exchange, to_json(view_.status().sinks));
}

void AdminHandler::queue(const Call& call) {
  const auto found = view_.queue_status(call.names[0]);
  if (!found) return respond_problem(call.exchange, no_such("queue", call.names[0]));
  respond_json(call.exchange, to_json(*found));
}

void AdminHandler::sink(const Call& call) {
  const auto found = view_.sink_status(call.names[0]);
  if (!found) return respond_problem(call.exchange, no_such("sink", call.names[0]));
  respond_json(call.exchange, to_json(*found));
}

void AdminHandler::pause_queue(const Call& call) {
  change(call.exchange, [&](uint64_t token) { return view_.set_queue_paused(call.names[0], true, token, *this); });
}

void AdminHandler::resume_queue(const Call& call) {
  change(call.exchange, [&](uint64_t token) { return view_.set_queue_paused(call.names[0], false, token, *this); });
}

void AdminHandler::purge_queue(const Call& call) {
  change(call.exchange, [&](uint64_t token) { return view_.purge_queue(call.names[0], token, *this); });
}

void AdminHandler::pause_sink(const Call& call) {
  change(call.exchange, [&](uint64_t token) { return view_.set_sink_paused(call.names[0], true, token, *this); });
}

void AdminHandler::resume_sink(const Call& call) {
  change(call.exchange, [&](uint64_t token) { return view_.set_sink_paused(call.names[0], false, token, *this); });
}

void AdminHandler::pause_class(const Call& call) {
  change(call.exchange,
         [&](uint64_t token) { return view_.set_class_paused(call.names[0], call.names[1], true, token, *this); });
}

void AdminHandler::resume_class(const Call& call) {
  change(call.exchange,
         [&](uint64_t token) { return view_.set_class_paused(call.names[0], call.names[1], false, token, *this); });
}

void AdminHandler::pause_key(const Call& call) {
  change(call.exchange,
         [&](uint64_t token) { return view_.set_key_paused(call.names[0], call.names[1], true, token, *this); });
}

void AdminHandler::resume_key(const Call& call) {
  change(call.exchange,
         [&](uint64_t token) { return view_.set_key_paused(call.names[0], call.names[1], false, token, *this); });
}

void AdminHandler::pin_limits(const Call& call) {
  if (call.body.empty()) return refuse(call.exchange, "the body is what to pin: {\"limits\": [\"100/1s\"]}");
  change(call.exchange, [&](uint64_t token) { return view_.pin_limits(call.names[0], call.body, token, *this); });
}

void AdminHandler::unpin_limits(const Call& call) {
  change(call.exchange, [&](uint64_t token) { return view_.unpin_limits(call.names[0], token, *this); });
}

void AdminHandler::reload(const Call& call) {
  const Reloaded reloaded = view_.reload();
  if (reloaded.errors.empty()) return respond_json(call.exchange, to_json(reloaded));
  Response response = problem_response(refusal(422, "bad-config", "The config file is refused", ""));
  response.body = refused_json(reloaded);
  server_->respond(call.exchange, std::move(response));
}

void AdminHandler::dead(const Call& call) {
  const auto limit = page_limit(call.query);
  if (!limit) {
    return refuse(call.exchange, "\"limit\" is a number from 1 to " + std::to_string(dead_page_max));
  }
  const auto page = view_.dead(call.names[0], value_or_empty(call.query, "cursor"), *limit);
  if (const auto* problem = std::get_if<Problem>(&page)) return respond_problem(call.exchange, *problem);
  respond_json(call.exchange, to_json(std::get<DeadPage>(page)));
}

void AdminHandler::replay_dead(const Call& call) {
  const std::string id = value_or_empty(call.query, "id");
  change(call.exchange, [&](uint64_t token) { return view_.replay_dead(call.names[0], id, token, *this); });
}

void AdminHandler::purge_dead(const Call& call) {
  const std::string id = value_or_empty(call.query, "id");
  change(call.exchange, [&](uint64_t token) { return view_.purge_dead(call.names[0], id, token, *this); });
}

void AdminHandler::subscribe(const Call& call) {
  change(call.exchange,
         [&](uint64_t token) { return view_.set_subscribed(call.names[0], call.names[1], true, token, *this); });
}

void AdminHandler::unsubscribe(const Call& call) {
  change(call.exchange,
         [&](uint64_t token) { return view_.set_subscribed(call.names[0], call.names[1], false, token, *this); });
}

}  // namespace forebay
