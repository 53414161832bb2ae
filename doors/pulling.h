// Pulling: how consumers fetch messages of a pulled queue, hold them by a lease and say what became of them. As in
// intake.h: loop thread only, no callback comes from inside the call.
//
// A lease is the consumer's until its time is over, which extend() moves. Then the message goes to others, with one
// more attempt spent. A lease outlives a restart of Forebay.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/intake.h"

namespace forebay {

struct LeaseRequest {
  std::string_view queue;
  uint32_t max = 1;               // messages; as many as are there, and no more than that
  Duration wait{};                // for the first of them; 0: answered at once
  std::optional<Duration> lease;  // none: the queue's
};

struct LeasedMessage {
  std::string_view id;
  std::string lease_id;
  uint32_t attempt = 1;  // 1 for the first
  std::string_view content_type;
  std::string_view key;
  std::string_view idempotency_key;
  std::span<const std::pair<std::string_view, std::string_view>> headers;  // of Forebay-Forward-*
  std::string_view body;
};

class LeaseListener {
 public:
  virtual ~LeaseListener() = default;
  // Views hold during the call. None: nothing came in time.
  virtual void on_leased(uint64_t token, std::span<const LeasedMessage> messages) = 0;
};

// done: it is as asked, once that is durable. expired: the lease was over. unknown: no lease of this queue.
enum class LeaseResult : uint8_t { done, expired, unknown };

class Pulling {
 public:
  virtual ~Pulling() = default;
  // A Problem now, or on_leased() once.
  virtual std::optional<Problem> lease(const LeaseRequest& request, uint64_t token, LeaseListener& listener) = 0;
  // Nobody waits for that answer any more: on_leased() does not come.
  virtual void give_up(uint64_t token, LeaseListener& listener) = 0;
  virtual void forget(LeaseListener& listener) = 0;

  // One result for each lease, at once; on_changed(token, how many are done) when that is durable.
  using LeaseIds = std::span<const std::string>;
  using LeaseResults = std::vector<LeaseResult>;
  virtual std::optional<Problem> ack(std::string_view queue, LeaseIds leases, LeaseResults* results, uint64_t token,
                                     PublishListener& listener) = 0;
  // Back to the queue, after `delay`.
  virtual std::optional<Problem> nack(std::string_view queue, LeaseIds leases, Duration delay, LeaseResults* results,
                                      uint64_t token, PublishListener& listener) = 0;
  // The leases last so long from now.
  virtual std::optional<Problem> extend(std::string_view queue, LeaseIds leases, std::optional<Duration> lease,
                                        LeaseResults* results, uint64_t token, PublishListener& listener) = 0;
};

}  // namespace forebay
