// ProducerLimits: what may come in, by the token that publishes and by the queue. Exact sliding windows: no window of
// length `per`, wherever it is laid, holds more accepted messages than `count`.
//
// What is refused does not count; a call counts whole or not at all. Spends are in memory only: a restart forgets them.
// A token's limits count each message once, a queue's each copy that goes to it.
// O(limits) for each call; memory as limiter/permits.h says, for each limit.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/backlog.h"
#include "base/time.h"
#include "config/config.h"
#include "doors/intake.h"
#include "limiter/permits.h"
#include "relay/queue.h"

namespace forebay {

class ProducerLimits {
 public:
  // Other limits; what was spent of those that keep owner and name stays spent.
  void follow_tokens(const std::vector<AuthToken>& tokens);
  void follow_queue(QueueId queue, const QueueConfig& config);

  // Would so many messages of that token, and these copies, be too many? 429, or 413 for what is always too many.
  std::optional<Problem> refusal(std::string_view by, uint64_t messages, std::span<const MessageFacts> copies, Now now);
  // They were accepted. Only after refusal() had none.
  void take(std::string_view by, uint64_t messages, std::span<const MessageFacts> copies, Now now);
  // `queue`: nullopt where the message goes to a topic.
  RateLimits limits_of(std::string_view by, std::optional<QueueId> queue, Now now) const;

 private:
  struct Window {
    std::string name;
    std::string owner;  // for people: token "shop"
    Duration per;
    Permits permits;
  };
  using Windows = std::vector<Window>;
  static Windows followed(Windows old, const std::vector<LimitConfig>& limits, const std::string& owner);
  static std::optional<Problem> refusal_of(const Windows& windows, uint64_t count, Now now);
  static void take_of(Windows& windows, uint64_t count, Now now);
  void count_copies(std::span<const MessageFacts> copies);

  std::map<std::string, Windows, std::less<>> of_tokens_;  // those that have any
  std::map<QueueId, Windows> of_queues_;
  std::map<QueueId, uint64_t> copies_;  // of the call under way, of queues with limits
};

}  // namespace forebay
