// A relay that does what a test tells it to, and a server that keeps what it was given.
#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "doors/admin_view.h"
#include "doors/server.h"

namespace forebay {

inline QueueStatus sample_queue(std::string name) {
  QueueStatus q;
  q.name = std::move(name);
  q.sink = "gateway";
  q.ready = 10;
  q.delayed = 20;
  q.retrying = 3;
  q.in_flight = 4;
  q.dead = 5;
  q.bytes = 12'600;
  q.max_messages = 10'000'000;
  q.max_bytes = 1 << 30;
  q.oldest_age_seconds = 1.5;
  q.drain_seconds = 20;
  q.accepted = 100;
  q.delivered = 63;
  q.classes = {{"default", 1, 10, 20, 3, 4, false}};
  return q;
}

inline SinkStatus sample_sink(std::string name) {
  SinkStatus s;
  s.name = std::move(name);
  s.type = "http";
  s.state = "open";
  s.in_flight = 4;
  s.attempts = {{"delivered", 63}, {"retry", 2}};
  s.limits = {{"300/1s", 300, 0.25, true, 0, 225}};
  return s;
}

class FakeView : public AdminView {
 public:
  RelayStatus state;
  std::optional<Problem> refuse;  // what the next changes are answered with at once
  std::variant<DeadPage, Problem> dead_page = DeadPage{};
  Reloaded reloaded;
  int refreshed = 0;
  int forgotten = 0;
  std::function<void()> on_refresh;
  struct Change {
    std::string what;
    uint64_t token;
    PublishListener* listener;
  };
  std::vector<Change> changes;     // accepted, not yet durable
  std::vector<std::string> asked;  // for pages of dead letters

  FakeView() {
    state.version = "0.1.0";
    state.started = WallTime::from_ms(1'700'000'000'123);
    state.ready = true;
    state.queues = {sample_queue("sms")};
    state.sinks = {sample_sink("gateway")};
  }

  RelayStatus status() override { return state; }
  std::optional<QueueStatus> queue_status(std::string_view name) override { return find(state.queues, name); }
  std::optional<SinkStatus> sink_status(std::string_view name) override { return find(state.sinks, name); }

  std::optional<Problem> set_queue_paused(std::string_view queue, bool paused, uint64_t token,
                                          PublishListener& listener) override {
    return change((paused ? "pause queue " : "resume queue ") + std::string(queue), token, listener);
  }
  std::optional<Problem> set_sink_paused(std::string_view sink, bool paused, uint64_t token,
                                         PublishListener& listener) override {
    return change((paused ? "pause sink " : "resume sink ") + std::string(sink), token, listener);
  }
  std::optional<Problem> set_class_paused(std::string_view queue, std::string_view klass, bool paused, uint64_t token,
                                          PublishListener& listener) override {
    const std::string what = (paused ? "pause class " : "resume class ") + std::string(klass);
    return change(what + " of " + std::string(queue), token, listener);
  }
  std::optional<Problem> set_key_paused(std::string_view queue, std::string_view key, bool paused, uint64_t token,
                                        PublishListener& listener) override {
    const std::string what = (paused ? "pause key " : "resume key ") + std::string(key);
    return change(what + " of " + std::string(queue), token, listener);
  }
  std::optional<Problem> pin_limits(std::string_view sink, std::string_view json, uint64_t token,
                                    PublishListener& listener) override {
    return change("pin " + std::string(sink) + " " + std::string(json), token, listener);
  }
  std::optional<Problem> unpin_limits(std::string_view sink, uint64_t token, PublishListener& listener) override {
    return change("unpin " + std::string(sink), token, listener);
  }
  std::optional<Problem> set_subscribed(std::string_view topic, std::string_view queue, bool subscribed, uint64_t token,
                                        PublishListener& listener) override {
    const std::string what = (subscribed ? "subscribe " : "unsubscribe ") + std::string(queue);
    return change(what + " " + std::string(topic), token, listener);
  }
  Reloaded reload() override { return reloaded; }
  std::optional<Problem> purge_queue(std::string_view queue, uint64_t token, PublishListener& listener) override {
    return change("purge queue " + std::string(queue), token, listener);
  }
  std::variant<DeadPage, Problem> dead(std::string_view queue, std::string_view cursor, uint32_t limit) override {
    asked.push_back(std::string(queue) + " from '" + std::string(cursor) + "' " + std::to_string(limit));
    return dead_page;
  }
  std::optional<Problem> replay_dead(std::string_view queue, std::string_view id, uint64_t token,
                                     PublishListener& listener) override {
    return change("replay " + std::string(queue) + " '" + std::string(id) + "'", token, listener);
  }
  std::optional<Problem> purge_dead(std::string_view queue, std::string_view id, uint64_t token,
                                    PublishListener& listener) override {
    return change("bury " + std::string(queue) + " '" + std::string(id) + "'", token, listener);
  }
  void forget(PublishListener&) override { forgotten++; }
  void refresh_gauges() override {
    refreshed++;
    if (on_refresh) on_refresh();
  }

 private:
  template <typename T>
  static std::optional<T> find(const std::vector<T>& all, std::string_view name) {
    for (const T& each : all) {
      if (each.name == name) return each;
    }
    return std::nullopt;
  }
  std::optional<Problem> change(std::string what, uint64_t token, PublishListener& listener) {
    if (refuse) return refuse;
    changes.push_back({std::move(what), token, &listener});
    return std::nullopt;
  }
};

class FakeServer final : public Server {
 public:
  std::map<uint64_t, Response> answers;  // by exchange number

  int listen() override { return 0; }
  uint16_t port() const override { return 0; }
  void respond(ExchangeId exchange, Response response) override {
    const bool first = answers.emplace(exchange.number, std::move(response)).second;
    if (!first) std::abort();
  }
  StreamWrite stream(uint64_t, std::string_view) override { return StreamWrite::gone; }
  void end_stream(uint64_t, std::string_view) override {}
  void flush() override {}
  uint64_t connections() const override { return 0; }
  void renew_tls(std::shared_ptr<const TlsContext>) override {}
  std::shared_ptr<const TlsContext> tls_in_force() const override { return nullptr; }
  TlsFigures tls_figures() const override { return {}; }
  void stop_accepting() override {}
  void close() override {}
};

}  // namespace forebay
