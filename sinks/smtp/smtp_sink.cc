#include "sinks/smtp/smtp_sink.h"

#include <algorithm>
#include <cassert>
#include <mutex>
#include <utility>

#include "sinks/wall_clock.h"

namespace forebay {
namespace {

void set_up_libcurl_once() {
  static std::once_flag done;
  std::call_once(done, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

MailTransfer::Settings settings_of(const SinkConfig& config) {
  MailTransfer::Settings settings{{}, config.ca_file, config.timeout};
  why_not_server_url(config.url, &settings.server);
  return settings;
}

Outcome not_sent(Outcome::Kind kind, std::string reason) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.sent = false;
  outcome.reason = std::move(reason);
  return outcome;
}

}  // namespace

struct SmtpSink::Sender {
  MailTransfer transfer;           // the thread's
  Letter letter;                   // the thread's from its start to the report
  Outcome outcome;                 // likewise
  bool under_way = false;          // the loop's
  std::unique_ptr<Worker> worker;  // last: it ends before what it works on
};

SmtpSink::SmtpSink(const SinkPorts& ports, const SinkConfig& config, SinkListener& listener)
    : ports_(ports), listener_(listener), config_(config), reach_(std::make_shared<Reach>(Reach{this})) {
  set_up_libcurl_once();
}

SmtpSink::~SmtpSink() {
  shut_down();
}

void SmtpSink::reconfigure(const SinkConfig& config) {
  config_ = config;
  send_waiting();
}

void SmtpSink::deliver(Delivery delivery) {
  assert(!closed_);
  Mail mail = compose_mail(config_.mail, delivery, wall_now());
  if (mail.refused.empty()) {
    waiting_.push_back({delivery.ticket, std::move(mail)});
    return send_waiting();
  }
  refused_.emplace_back(delivery.ticket, not_sent(Outcome::Kind::dead, std::move(mail.refused)));
  if (refused_.size() > 1) return;
  ports_.mailbox.post([reach = reach_] {
    if (reach->sink != nullptr) reach->sink->tell_refused();
  });
}

void SmtpSink::tell_refused() {
  for (auto& [ticket, outcome] : std::exchange(refused_, {})) listener_.on_outcome(ticket, std::move(outcome));
}

void SmtpSink::send_waiting() {
  while (!waiting_.empty()) {
    if (free_.empty()) {
      if (senders_.size() >= std::max(1u, config_.concurrency)) return;
      senders_.push_back(std::make_unique<Sender>());
      senders_.back()->worker = ports_.start_worker("fb-mail");
      free_.push_back(senders_.back().get());
    }
    Sender* sender = free_.back();
    free_.pop_back();
    sender->letter = std::move(waiting_.front());
    sender->under_way = true;
    waiting_.pop_front();
    sender->worker->post([sender, reach = reach_, mailbox = &ports_.mailbox, settings = settings_of(config_)] {
      sender->outcome = sender->transfer.send(sender->letter.mail, settings);
      mailbox->post([sender, reach] {
        if (reach->sink != nullptr) reach->sink->sent(sender);
      });
    });
  }
}

void SmtpSink::sent(Sender* sender) {
  const Ticket ticket = sender->letter.ticket;
  Outcome outcome = std::move(sender->outcome);
  sender->under_way = false;
  sender->letter = {};
  free_.push_back(sender);
  send_waiting();
  listener_.on_outcome(ticket, std::move(outcome));
}

void SmtpSink::shut_down() {
  if (std::exchange(closed_, true)) return;
  reach_->sink = nullptr;
  auto ended = std::exchange(refused_, {});
  for (const auto& sender : senders_) sender->transfer.interrupt();
  for (const auto& sender : senders_) {
    sender->worker.reset();
    if (sender->under_way) ended.emplace_back(sender->letter.ticket, std::move(sender->outcome));
  }
  senders_.clear();
  free_.clear();
  for (const Letter& letter : std::exchange(waiting_, {})) {
    ended.emplace_back(letter.ticket, not_sent(Outcome::Kind::unanswered, "shut down"));
  }
  for (auto& [ticket, outcome] : ended) listener_.on_outcome(ticket, std::move(outcome));
}

}  // namespace forebay
