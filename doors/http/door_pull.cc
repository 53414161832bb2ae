// The part of the door that consumers use.
#include "doors/http/http_door.h"
#include "doors/http/pull_answers.h"

namespace forebay {

void HttpDoor::lease(const Request& request, ExchangeId exchange, std::string_view queue) {
  auto read = read_lease_request(request.body);
  if (const auto* problem = std::get_if<Problem>(&read)) return refuse(exchange, *problem);
  LeaseRequest& wanted = std::get<LeaseRequest>(read);
  wanted.queue = queue;
  const uint64_t token = add_pending({Pending::Kind::lease, exchange, {}});
  leasing_.emplace(exchange.connection, token);
  if (auto problem = pulling_.lease(wanted, token, *this)) {
    leasing_.erase(find_leasing(exchange.connection, token));
    take_pending(token);
    refuse(exchange, *problem);
  }
}

HttpDoor::Leasing::iterator HttpDoor::find_leasing(uint64_t connection, uint64_t token) {
  auto [at, end] = leasing_.equal_range(connection);
  while (at->second != token) ++at;
  return at;
}

void HttpDoor::on_leased(uint64_t token, std::span<const LeasedMessage> messages) {
  const Pending pending = take_pending(token);
  leasing_.erase(find_leasing(pending.exchange.connection, token));
  server_->respond(pending.exchange, leased_response(messages));
}

// Its client has shut down its side, or is gone: what it waits for would be leased to nobody. One that still reads is
// told that nothing came.
void HttpDoor::give_up_leases(uint64_t connection) {
  const auto [begin, end] = leasing_.equal_range(connection);
  std::vector<uint64_t> tokens;
  for (auto at = begin; at != end; ++at) tokens.push_back(at->second);
  leasing_.erase(begin, end);
  for (const uint64_t token : tokens) {
    pulling_.give_up(token, *this);
    server_->respond(take_pending(token).exchange, leased_response({}));
  }
}

void HttpDoor::change_leases(const Request& request, ExchangeId exchange, std::string_view queue, LeaseVerb verb) {
  auto read = read_lease_change(request.body, verb);
  if (const auto* problem = std::get_if<Problem>(&read)) return refuse(exchange, *problem);
  LeaseChange& change = std::get<LeaseChange>(read);
  std::vector<LeaseResult> results;
  const uint64_t token = add_pending({Pending::Kind::leases, exchange, {}});
  std::optional<Problem> problem;
  switch (verb) {
    case LeaseVerb::ack:
      problem = pulling_.ack(queue, change.lease_ids, &results, token, *this);
      break;
    case LeaseVerb::nack:
      problem = pulling_.nack(queue, change.lease_ids, change.delay, &results, token, *this);
      break;
    case LeaseVerb::extend:
      problem = pulling_.extend(queue, change.lease_ids, change.lease, &results, token, *this);
      break;
  }
  if (problem) {
    take_pending(token);
    return refuse(exchange, *problem);
  }
  pending_[token].lease_ids = std::move(change.lease_ids);
  pending_[token].results = std::move(results);
}

}  // namespace forebay
