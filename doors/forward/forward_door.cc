#include "doors/forward/forward_door.h"

#include <cassert>
#include <string>
#include <utility>

#include "doors/forward/forward_replies.h"
#include "doors/rate_limits.h"

namespace forebay {

ForwardDoor::ForwardDoor(uv_loop_t* loop, const DoorConfig& config, Intake& intake, const Gate& gate)
    : config_(config), intake_(intake), gate_(gate), server_(make_server(loop, server_options(config), *this)) {}

ForwardDoor::~ForwardDoor() = default;

int ForwardDoor::listen() {
  return server_->listen();
}

void ForwardDoor::close() {
  if (closed_) return;
  closed_ = true;
  intake_.forget(*this);
  server_->close();
}

void ForwardDoor::on_request(const Request& request, ExchangeId exchange) {
  Caller caller;
  if (auto refused = gate_.refusal_to_forward(request, config_.queue, &caller)) {
    return server_->respond(exchange, std::move(*refused));
  }
  NewMessage message;
  message.queue = config_.queue;
  message.by = caller.name();
  if (auto problem = request_.read(request, &message)) return server_->respond(exchange, problem_response(*problem));
  const uint64_t token = add_pending({exchange, request.method == "HEAD"});
  auto problem = intake_.publish({&message, 1}, token, *this);
  pending_[token].limits = intake_.rate_limits(message);
  if (problem) answer(token, problem_response(*problem));
}

void ForwardDoor::on_published(uint64_t token, std::span<const AcceptedMessage> accepted) {
  assert(accepted.size() == 1);
  pending_[token].id = accepted.front().id;
  if (config_.inline_reply && intake_.await_reply(accepted.front(), config_.max_body_bytes, token, *this)) return;
  answer(token, configured_reply(config_.reply, accepted.front().id));
}

void ForwardDoor::on_reply(uint64_t token, const SinkReply* reply) {
  const Pending& pending = pending_[token];
  answer(token, reply == nullptr ? configured_reply(config_.reply, pending.id)
                                 : inline_reply(*reply, pending.head, pending.id));
}

void ForwardDoor::on_refused(uint64_t token, const Problem& problem) {
  answer(token, problem_response(problem));
}

void ForwardDoor::answer(uint64_t token, Response response) {
  Pending pending = take_pending(token);
  add_rate_limits(std::move(pending.limits), &response);
  server_->respond(pending.exchange, std::move(response));
}

uint64_t ForwardDoor::add_pending(Pending pending) {
  if (free_.empty()) {
    pending_.push_back(std::move(pending));
    return pending_.size() - 1;
  }
  const uint32_t place = free_.back();
  free_.pop_back();
  pending_[place] = std::move(pending);
  return place;
}

ForwardDoor::Pending ForwardDoor::take_pending(uint64_t token) {
  assert(token < pending_.size());
  free_.push_back(static_cast<uint32_t>(token));
  return std::move(pending_[token]);
}

}  // namespace forebay
