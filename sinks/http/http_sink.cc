#include "sinks/http/http_sink.h"

#include <algorithm>
#include <cassert>
#include <mutex>
#include <utility>

#include "sinks/http/joined.h"

namespace forebay {

namespace {

void set_up_libcurl_once() {
  static std::once_flag done;
  std::call_once(done, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

Outcome not_sent(Outcome::Kind kind, std::string reason) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.sent = false;
  outcome.reason = std::move(reason);
  return outcome;
}

uv_loop_t* ready(uv_loop_t* loop) {
  set_up_libcurl_once();
  return loop;
}

}  // namespace

HttpSink::HttpSink(uv_loop_t* loop, const SinkConfig& config, SinkListener& listener)
    : listener_(listener),
      curl_(ready(loop), *this),
      batcher_(loop, [this](Batcher::Group group) { join_and_send(std::move(group)); }) {
  reconfigure(config);
}

HttpSink::~HttpSink() {
  if (!curl_.closed()) shut_down();
}

void HttpSink::reconfigure(const SinkConfig& config) {
  plan_ = std::make_shared<const RequestPlan>(config);
  curl_.set_connections(std::max(1u, config.concurrency));
  // No more than `concurrency` messages are ever handed in at once: a batch of more would wait in vain.
  batcher_.set(std::min(config.batch.max, config.concurrency), config.batch.linger);
  start_waiting();
}

void HttpSink::deliver(Delivery delivery) {
  assert(!curl_.closed());
  std::string refusal = HeaderBlock::refusal(delivery);
  if (!refusal.empty()) {
    refused_.emplace_back(delivery.ticket, not_sent(Outcome::Kind::dead, std::move(refusal)));
    curl_.wake();
  } else if (!plan_->refused.empty()) {
    refused_.emplace_back(delivery.ticket, not_sent(Outcome::Kind::sink_fault, plan_->refused));
    curl_.wake();
  } else if (plan_->config.batch.max > 1 && delivery.method.empty() && delivery.target.empty()) {
    batcher_.add(std::move(delivery));
  } else {
    waiting_.push_back({std::move(delivery)});
    start_waiting();
  }
}

void HttpSink::join_and_send(Batcher::Group group) {
  Joined joined = join(std::move(group), plan_->config.batch.format);
  if (!joined.tickets.empty()) others_.emplace(joined.delivery.ticket, std::move(joined.tickets));
  waiting_.push_back({std::move(joined.delivery), true});
  start_waiting();
}

// The request's own comes last: its headers are looked at until then.
void HttpSink::report(Ticket ticket, Outcome outcome) {
  const auto others = others_.extract(ticket);
  if (!others.empty()) {
    Outcome same = outcome;
    same.of_same_request = true;
    for (const Ticket other : others.mapped()) listener_.on_outcome(other, same);
  }
  listener_.on_outcome(ticket, std::move(outcome));
}

void HttpSink::start_waiting() {
  while (!waiting_.empty()) {
    Transfer* transfer = free_transfer();
    if (transfer == nullptr) return;
    Request& next = waiting_.front();
    transfer->start(std::move(next.delivery), next.joined, plan_);
    waiting_.pop_front();
    curl_.add(transfer->easy());
  }
}

Transfer* HttpSink::free_transfer() {
  size_t under_way = transfers_.size() - free_.size();
  if (under_way >= std::max(1u, plan_->config.concurrency)) return nullptr;
  if (free_.empty()) {
    transfers_.push_back(std::make_unique<Transfer>());
    transfers_.back()->attach_to(curl_);
    return transfers_.back().get();
  }
  Transfer* transfer = free_.back();
  free_.pop_back();
  return transfer;
}

void HttpSink::on_done(CURL* easy, CURLcode result) {
  Transfer* transfer = Transfer::of(easy);
  Ticket ticket = transfer->ticket();
  Outcome outcome = transfer->finish(result);
  free_.push_back(transfer);
  start_waiting();
  report(ticket, std::move(outcome));
}

void HttpSink::on_turn() {
  auto refused = std::exchange(refused_, {});
  for (auto& [ticket, outcome] : refused) listener_.on_outcome(ticket, std::move(outcome));
}

void HttpSink::shut_down() {
  if (curl_.closed()) return;
  std::vector<Transfer*> under_way;
  for (auto& transfer : transfers_)
    if (std::find(free_.begin(), free_.end(), transfer.get()) == free_.end()) under_way.push_back(transfer.get());
  std::vector<std::pair<Ticket, Outcome>> ended = std::exchange(refused_, {});
  for (Transfer* transfer : under_way) {
    curl_.remove(transfer->easy());
    Ticket ticket = transfer->ticket();
    ended.emplace_back(ticket, transfer->abandon("shut down"));
    free_.push_back(transfer);
  }
  for (const Request& request : waiting_)
    ended.emplace_back(request.delivery.ticket, not_sent(Outcome::Kind::unanswered, "shut down"));
  for (const Delivery& delivery : batcher_.close())
    ended.emplace_back(delivery.ticket, not_sent(Outcome::Kind::unanswered, "shut down"));
  waiting_.clear();
  curl_.close();
  for (auto& [ticket, outcome] : ended) report(ticket, std::move(outcome));
}

}  // namespace forebay
