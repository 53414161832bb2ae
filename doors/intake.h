// Intake: what a door may ask of the relay. Doors know HTTP and nothing of queues; the relay knows queues and
// nothing of HTTP. All calls and callbacks are on the loop thread; no callback comes from inside the call.
//
// publish(): all messages of the call are accepted or none. A Problem returned means that nothing was kept.
// Otherwise `listener.on_published(token, …)` comes exactly once, after the sync (accepted) or after the write
// failed (a Problem). Views in NewMessage need live only during the call. The listener must outlive its tokens,
// or call forget(listener) first.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"

namespace forebay {

// RFC 9457 problem details, and how long a client should wait.
struct Problem {
  int status = 500;
  std::string type = "about:blank";  // a short word, e.g. "backlog-full"; doors make it a URI reference
  std::string title;
  std::string detail;
  std::optional<Duration> retry_after;
};

// An estimated delivery that never comes at the limits in force (a paused sink).
constexpr WallTime far_future() {
  return {std::numeric_limits<int64_t>::max()};
}

using MessageId = std::array<char, 26>;  // Crockford base32

struct NewMessage {
  std::string_view queue;
  std::string_view topic;  // instead of a queue: a copy goes to each of its queues
  std::string_view by;     // name of the token that sent it; empty: no tokens are configured
  std::string_view klass;  // empty: default
  std::string_view key;    // empty: what the config points at
  std::string_view content_type;
  std::string_view idempotency_key;
  std::optional<Duration> delay;
  std::optional<WallTime> not_before;  // wins over delay
  std::optional<Duration> ttl;
  std::optional<Duration> hold;     // stored, and not sent before it is released; this long undecided at most
  std::optional<uint32_t> retries;  // attempts after the first: max_attempts = retries + 1
  std::span<const std::pair<std::string_view, std::string_view>> forward;  // header name, value
  std::span<const std::pair<std::string_view, std::string_view>> headers;  // of its own request; none in a batch
  std::string_view method;  // these two of a forwarded request: it goes out with them
  std::string_view target;  // path and query, as sent
  std::string_view body;
  uint32_t line = 0;  // of a batch, from 1: what refusals name; 0: it came alone
};

struct AcceptedMessage {
  MessageId id;
  std::string_view queue;
  uint64_t position = 0;        // messages of the queue handed out before it, an upper estimate
  WallTime estimated_delivery;  // far_future(): never
  bool deduplicated = false;
  uint32_t message = 0;  // place of its NewMessage in the call; the copies of one stand together
};

// What a sink answered, of a forwarded request.
struct SinkReply {
  int status = 200;                                              // 200 to 599
  std::span<const std::pair<std::string, std::string>> headers;  // all of them, as sent
  std::string_view body;
};

// The producer limits that hold for a message, as values of the header fields RateLimit-Policy and RateLimit
// (draft-ietf-httpapi-ratelimit-headers). Empty: there are none.
struct RateLimits {
  std::string policy, state;
};

class PublishListener {
 public:
  virtual ~PublishListener() = default;
  virtual void on_published(uint64_t token, std::span<const AcceptedMessage> accepted) = 0;
  virtual void on_refused(uint64_t token, const Problem& problem) = 0;  // the write failed; nothing was kept
  virtual void on_changed(uint64_t token, uint64_t count) = 0;          // cancel, pause, purge … is durable
  // Of await_reply(). nullptr: none came in time, or none that settles the message.
  virtual void on_reply(uint64_t /*token*/, const SinkReply* /*reply*/) {}
};

struct WaitingOn {
  std::string kind;  // limit key_limit delay hold retry throttled breaker hours paused order turn lease
  std::string name;
  std::optional<WallTime> until;
};

struct MessageStatus {
  std::string id;
  std::string queue;
  std::string state;  // delayed held ready in_flight retrying leased delivered expired dead cancelled superseded
  uint32_t attempts = 0;
  std::string last_outcome;  // empty: none yet
  std::optional<uint64_t> position;
  std::optional<WallTime> estimated_delivery;
  std::optional<WaitingOn> waiting_on;
};

class Intake {
 public:
  virtual ~Intake() = default;
  virtual std::optional<Problem> publish(std::span<const NewMessage> messages, uint64_t token,
                                         PublishListener& listener) = 0;
  virtual std::variant<MessageStatus, Problem> find(std::string_view id) = 0;
  // on_changed(token, 1) once the cancellation is durable.
  virtual std::optional<Problem> cancel(std::string_view id, uint64_t token, PublishListener& listener) = 0;
  // A held message may go; on_changed(token, 1) once that is durable.
  virtual std::optional<Problem> release(std::string_view id, uint64_t token, PublishListener& listener) = 0;
  // From inside on_published(), of a message just accepted: if nothing stands before it, true, and on_reply(token, …)
  // comes once: with the sink's reply when that delivered the message or ended it as a dead letter, else with none.
  // None comes at the end of the turn when there was no permit for it, and after the sink's timeout at the latest. A
  // body of more bytes than that is no reply.
  virtual bool await_reply(const AcceptedMessage& /*accepted*/, uint64_t /*body_bytes_max*/, uint64_t /*token*/,
                           PublishListener& /*listener*/) {
    return false;
  }
  // As they stand now, for the producer of such a message.
  virtual RateLimits rate_limits(const NewMessage& /*message*/) { return {}; }
  // No callback goes to this listener any more.
  virtual void forget(PublishListener& listener) = 0;
};

}  // namespace forebay
