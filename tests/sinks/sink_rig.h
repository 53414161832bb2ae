// SinkRig: a loop, a sink of any type and a listener that remembers, for tests against real sockets and files.
// Waits end with what is waited for; a guard of 20 s only turns a hang into a failure.
#pragma once

#include <gtest/gtest.h>
#include <uv.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "relay/thread_worker.h"
#include "sinks/make_sink.h"
#include "tests/sinks/loop_mailbox.h"

namespace forebay {

class SinkRig : public SinkListener {
 public:
  explicit SinkRig(SinkConfig config) {
    uv_loop_init(&loop_);
    uv_timer_init(&loop_, &guard_);
    uv_timer_init(&loop_, &ticker_);
    guard_.data = this;
    mailbox_ = std::make_unique<LoopMailbox>(&loop_);
    const SinkPorts ports{&loop_, *mailbox_,
                          [](const std::string& name) { return std::make_unique<ThreadWorker>(name); }};
    sink_ = make_sink(ports, config, *this);
  }

  ~SinkRig() override {
    sink_->shut_down();
    sink_.reset();
    mailbox_.reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&guard_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&ticker_), nullptr);
    while (uv_run(&loop_, UV_RUN_DEFAULT) != 0) continue;
    EXPECT_EQ(uv_loop_close(&loop_), 0) << "a handle was left open";
  }

  static Delivery delivery(Ticket ticket, std::string_view body = "hello") {
    auto id = std::make_shared<std::string>("M" + std::to_string(ticket));
    Delivery out;
    out.ticket = ticket;
    out.message_id = out.idempotency_key = *id;
    out.queue = "sms";
    out.content_type = "text/plain";
    out.body = body;
    out.keep = id;
    return out;
  }

  void on_outcome(Ticket ticket, Outcome outcome) override {
    EXPECT_FALSE(delivering_) << "an outcome from inside deliver()";
    counts_[ticket]++;
    outcomes_[ticket] = std::move(outcome);
    if (then_) then_(ticket);
  }

  void send(Delivery delivery) {
    delivering_ = true;
    sink_->deliver(std::move(delivery));
    delivering_ = false;
  }

  // One delivery and its outcome.
  Outcome send_and_wait(Delivery delivery) {
    Ticket ticket = delivery.ticket;
    send(std::move(delivery));
    run_until([&] { return counts_.contains(ticket); });
    return outcomes_[ticket];
  }
  Outcome send_and_wait(Ticket ticket) { return send_and_wait(delivery(ticket)); }

  // The condition is looked at after every turn; a turn comes at least every millisecond.
  void run_until(const std::function<bool()>& done) {
    stuck_ = false;
    uv_timer_start(
        &guard_, [](uv_timer_t* t) { static_cast<SinkRig*>(t->data)->stuck_ = true; }, 20'000, 0);
    uv_timer_start(
        &ticker_, [](uv_timer_t*) {}, 1, 1);
    while (!done() && !stuck_) uv_run(&loop_, UV_RUN_ONCE);
    uv_timer_stop(&guard_);
    uv_timer_stop(&ticker_);
    ASSERT_FALSE(stuck_) << "waited in vain";
  }

  void wait_for(size_t outcomes) {
    run_until([&] { return outcomes_.size() >= outcomes; });
  }

  int outcomes_of(Ticket ticket) { return counts_[ticket]; }
  const std::map<Ticket, Outcome>& outcomes() const { return outcomes_; }
  void then(std::function<void(Ticket)> what) { then_ = std::move(what); }
  Sink& sink() { return *sink_; }
  uv_loop_t* loop() { return &loop_; }

 private:
  uv_loop_t loop_;
  uv_timer_t guard_;
  uv_timer_t ticker_;
  bool stuck_ = false;
  bool delivering_ = false;
  std::unique_ptr<LoopMailbox> mailbox_;
  std::unique_ptr<Sink> sink_;
  std::map<Ticket, int> counts_;
  std::map<Ticket, Outcome> outcomes_;
  std::function<void(Ticket)> then_;
};

inline SinkConfig sink_to(std::string url, Duration timeout = Duration::seconds(10)) {
  SinkConfig config;
  config.name = "gateway";
  config.url = std::move(url);
  config.timeout = timeout;
  return config;
}

}  // namespace forebay
