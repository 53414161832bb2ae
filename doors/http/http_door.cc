#include "doors/http/http_door.h"

#include <cassert>

#include "doors/http/answers.h"
#include "doors/http/media_type.h"
#include "doors/http/message_headers.h"
#include "doors/http/pull_answers.h"
#include "doors/http/routes.h"
#include "doors/http_chars.h"
#include "doors/percent.h"
#include "doors/rate_limits.h"
#include "doors/refusal.h"

namespace forebay {
namespace {

// Crockford's base32 is read in either case, o as 0, i and l as 1; an answer names the id as it was given out.
std::string canonical_id(std::string_view text) {
  std::string out(text);
  if (out.size() != std::tuple_size_v<MessageId>) return out;  // none of ours
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
  }
  return out;
}

// RFC 7240: does any Prefer header ask for return=minimal?
bool prefers_minimal(const Request& request) {
  for (auto [name, value] : request.headers) {
    if (!same_ignoring_case(name, "Prefer")) continue;
    while (!value.empty()) {
      const size_t comma = std::min(value.find(','), value.size());
      const std::string_view preference = value.substr(0, comma);
      const std::string_view word = trimmed(preference.substr(0, preference.find(';')));
      if (same_ignoring_case(word, "return=minimal") || same_ignoring_case(word, "return=\"minimal\"")) return true;
      value.remove_prefix(std::min(comma + 1, value.size()));
    }
  }
  return false;
}

// `what`: the lines of an NDJSON batch, or the events of another.
std::optional<Problem> check_batch_headers(const Request& request, const std::string& what) {
  if (request.header_count("Content-Type") != 1) return malformed("Content-Type is given more than once");
  for (const auto& [name, value] : request.headers) {
    const bool is_own = name.size() > 8 && same_ignoring_case(name.substr(0, 8), "Forebay-");
    if (is_own || same_ignoring_case(name, "Idempotency-Key")) {
      return refusal(422, "bad-header", "A batch carries its metadata in its " + what,
                     std::string(name) + " has no meaning for a whole batch; put it into the " + what);
    }
  }
  return std::nullopt;
}

}  // namespace

HttpDoor::HttpDoor(uv_loop_t* loop, const DoorConfig& config, DoorPorts ports)
    : max_body_bytes_(config.max_body_bytes),
      max_batch_bytes_(config.max_batch_bytes),
      intake_(ports.intake),
      pulling_(ports.pulling),
      streaming_(ports.streaming),
      gate_(ports.gate),
      server_(make_server(loop, server_options(config), *this)) {}

HttpDoor::~HttpDoor() = default;

int HttpDoor::listen() {
  return server_->listen();
}

void HttpDoor::close() {
  if (closed_) return;
  closed_ = true;
  intake_.forget(*this);
  pulling_.forget(*this);
  streaming_.forget(*this);
  server_->close();
}

std::optional<uint64_t> HttpDoor::body_limit(std::string_view method, std::string_view path) {
  const Action action = route_of(method, path).action;
  if (action == Action::publish_batch || action == Action::publish_topic_batch) return max_batch_bytes_;
  return std::nullopt;
}

void HttpDoor::on_request(const Request& request, ExchangeId exchange) {
  const Route route = route_of(request.method, request.path);
  caller_ = Caller{};
  if (auto refused = gate_.refusal(DoorSide::http, request, route.action != Action::unknown_path, &caller_)) {
    return server_->respond(exchange, std::move(*refused));
  }
  std::string decoded;
  std::string_view name = route.name;
  if (name.find('%') != name.npos) name = decoded = percent_decoded(name);
  switch (route.action) {
    case Action::publish:
    case Action::publish_topic:
      return publish(request, exchange, name, route.action == Action::publish_topic);
    case Action::publish_batch:
    case Action::publish_topic_batch:
      return publish_batch(request, exchange, name, route.action == Action::publish_topic_batch);
    case Action::find_message:
      return find_message(exchange, canonical_id(name));
    case Action::cancel_message:
      return cancel_message(exchange, canonical_id(name));
    case Action::release_message:
      return release_message(exchange, canonical_id(name));
    case Action::lease:
      return lease(request, exchange, name);
    case Action::ack:
      return change_leases(request, exchange, name, LeaseVerb::ack);
    case Action::nack:
      return change_leases(request, exchange, name, LeaseVerb::nack);
    case Action::extend:
      return change_leases(request, exchange, name, LeaseVerb::extend);
    case Action::stream:
      return follow(exchange, name);
    case Action::unknown_path:
      return refuse(exchange, no_such_path("messages come in here; state and metrics are at the admin door"));
    case Action::unknown_method:
      break;
  }
  Response response = problem_response(method_not_allowed(route.allow));
  response.headers.emplace_back("Allow", std::string(route.allow));
  server_->respond(exchange, std::move(response));
}

void HttpDoor::publish(const Request& request, ExchangeId exchange, std::string_view name, bool topic) {
  if (CloudEvents::is_batch(request)) return publish_events(request, exchange, name, topic);
  NewMessage message;
  (topic ? message.topic : message.queue) = name;
  message.by = caller_.name();
  message.body = request.body;
  message.headers = request.headers;
  if (auto problem = read_message_headers(request, &forward_, &message)) return refuse(exchange, *problem);
  if (auto problem = events_.read(request, &forward_, &message)) return refuse(exchange, *problem);
  hand_over({&message, 1}, {topic ? Pending::Kind::topic : Pending::Kind::one, exchange, {}, 1});
}

void HttpDoor::publish_batch(const Request& request, ExchangeId exchange, std::string_view name, bool topic) {
  if (CloudEvents::is_batch(request)) return publish_events(request, exchange, name, topic);
  if (!is_media_type(request.header("Content-Type").value_or(""), "application/x-ndjson")) {
    return refuse(exchange, refusal(415, "not-ndjson", "A batch is NDJSON or CloudEvents",
                                    "send it with Content-Type: application/x-ndjson, or events as "
                                    "application/cloudevents-batch+json"));
  }
  if (auto problem = check_batch_headers(request, "envelopes")) return refuse(exchange, *problem);
  if (auto problem = batch_.read(name, topic, caller_.name(), request.body, max_body_bytes_))
    return refuse(exchange, *problem);
  hand_over_batch(request, batch_.messages(), exchange, topic);
}

void HttpDoor::publish_events(const Request& request, ExchangeId exchange, std::string_view name, bool topic) {
  if (auto problem = check_batch_headers(request, "events")) return refuse(exchange, *problem);
  if (auto problem = events_.read_batch(name, topic, caller_.name(), request.body, max_body_bytes_)) {
    return refuse(exchange, *problem);
  }
  hand_over_batch(request, events_.messages(), exchange, topic);
}

void HttpDoor::hand_over_batch(const Request& request, std::span<const NewMessage> messages, ExchangeId exchange,
                               bool topic) {
  const Pending::Kind kind = prefers_minimal(request) ? Pending::Kind::batch_minimal
                             : topic                  ? Pending::Kind::topic_batch
                                                      : Pending::Kind::batch;
  hand_over(messages, {kind, exchange, {}, messages.size()});
}

void HttpDoor::hand_over(std::span<const NewMessage> messages, Pending pending) {
  const ExchangeId exchange = pending.exchange;
  const uint64_t token = add_pending(std::move(pending));
  if (auto problem = intake_.publish(messages, token, *this)) {
    Response response = problem_response(*problem);
    add_rate_limits(intake_.rate_limits(messages.front()), &response);
    take_pending(token);
    return server_->respond(exchange, std::move(response));
  }
  pending_[token].limits = intake_.rate_limits(messages.front());
}

void HttpDoor::find_message(ExchangeId exchange, std::string_view id) {
  const auto found = intake_.find(id);
  if (const auto* problem = std::get_if<Problem>(&found)) return refuse(exchange, *problem);
  const auto& status = std::get<MessageStatus>(found);
  if (auto problem = Gate::missing(caller_, Verb::read, status.queue)) return refuse(exchange, *problem);
  server_->respond(exchange, status_response(status));
}

std::optional<Problem> HttpDoor::may_cancel(std::string_view id) {
  if (caller_.token == nullptr) return std::nullopt;
  const auto found = intake_.find(id);
  if (const auto* problem = std::get_if<Problem>(&found)) return *problem;
  return Gate::missing(caller_, Verb::cancel, std::get<MessageStatus>(found).queue);
}

void HttpDoor::cancel_message(ExchangeId exchange, std::string_view id) {
  if (auto problem = may_cancel(id)) return refuse(exchange, *problem);
  const uint64_t token = add_pending({Pending::Kind::cancel, exchange, std::string(id)});
  if (auto problem = intake_.cancel(id, token, *this)) {
    take_pending(token);
    refuse(exchange, *problem);
  }
}

void HttpDoor::release_message(ExchangeId exchange, std::string_view id) {
  if (auto problem = may_cancel(id)) return refuse(exchange, *problem);
  const uint64_t token = add_pending({Pending::Kind::release, exchange, std::string(id)});
  if (auto problem = intake_.release(id, token, *this)) {
    take_pending(token);
    refuse(exchange, *problem);
  }
}

void HttpDoor::on_published(uint64_t token, std::span<const AcceptedMessage> accepted) {
  Pending pending = take_pending(token);
  switch (pending.kind) {
    case Pending::Kind::one:
      assert(accepted.size() == 1);
      return answer(pending, accepted_response(accepted.front()));
    case Pending::Kind::topic:
      return answer(pending, topic_response(accepted));
    case Pending::Kind::topic_batch:
      return answer(pending, topic_batch_response(accepted, pending.count));
    case Pending::Kind::batch:
    case Pending::Kind::batch_minimal:
      return answer(pending, batch_response(accepted, pending.count, pending.kind == Pending::Kind::batch_minimal));
    default:
      break;
  }
  assert(false && "nothing was published under this token");
}

void HttpDoor::answer(Pending& pending, Response response) {
  add_rate_limits(std::move(pending.limits), &response);
  server_->respond(pending.exchange, std::move(response));
}

void HttpDoor::on_refused(uint64_t token, const Problem& problem) {
  refuse(take_pending(token).exchange, problem);
}

void HttpDoor::on_changed(uint64_t token, uint64_t count) {
  const Pending pending = take_pending(token);
  (void)count;
  if (pending.kind == Pending::Kind::leases) {
    return server_->respond(pending.exchange, lease_results_response(pending.lease_ids, pending.results));
  }
  const bool released = pending.kind == Pending::Kind::release;
  server_->respond(pending.exchange, released ? released_response(pending.id) : cancelled_response(pending.id));
}

void HttpDoor::refuse(ExchangeId exchange, const Problem& problem) {
  server_->respond(exchange, problem_response(problem));
}

uint64_t HttpDoor::add_pending(Pending pending) {
  if (free_.empty()) {
    pending_.push_back(std::move(pending));
    return pending_.size() - 1;
  }
  const uint32_t place = free_.back();
  free_.pop_back();
  pending_[place] = std::move(pending);
  return place;
}

HttpDoor::Pending HttpDoor::take_pending(uint64_t token) {
  assert(token < pending_.size());
  free_.push_back(static_cast<uint32_t>(token));
  return std::move(pending_[token]);
}

}  // namespace forebay
