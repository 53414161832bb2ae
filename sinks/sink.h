// Sink: a way out. It is handed one delivery at a time and answers each with exactly one Outcome.
//
// Owner: relay/assemble.cc makes one per configured sink; it lives as long as the loop.
// Order: outcomes come in any order, never from inside deliver().
// Failure: there is none beside the outcome; a sink never throws and never drops a delivery silently.
// One delivery is one request on the wire at most. A transport that resends by itself is a bug (see docs/decisions.md).
//
// The edge classifies, the core decides: a sink turns a reply into one closed Outcome; when to try again,
// slow down or give up is chosen in relay/ alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "config/config.h"

namespace forebay {

// A whole reply, of a delivery that asked for it.
struct FullReply {
  std::vector<std::pair<std::string, std::string>> headers;  // in order, names as sent
  std::string body;
};

struct Outcome {
  // The metric label of forebay_attempts_total{outcome}.
  enum class Kind : uint8_t { delivered, retry, throttled, dead, sink_fault, unanswered };
  Kind kind = Kind::unanswered;
  bool sent = true;                     // false: nothing left this process (refused connection, unknown name, bad TLS)
  bool answered = false;                // a complete reply was read
  bool pause_sink = false;              // the status is one of `pause_on`
  bool throttle_key = false;            // kind throttled: by `scope: key`
  int status = 0;                       // HTTP status; 0: none
  std::optional<Duration> retry_after;  // what the reply asked for, capped at 24 h
  std::string reason;                   // short and stable: "http 404", "timeout", "connection reset"
  std::string peer;                     // the address that answered; empty: none did, or it is not known
  std::string excerpt;                  // first bytes of the reply, at most 256, as read
  std::shared_ptr<const FullReply> reply;  // where `answered` and asked for, unless it was too large
  bool of_same_request = false;  // of a batch: the outcome of its one request, told for one more of its messages
};

// What one attempt sends. Views stay valid until the outcome: `keep` owns them.
struct Delivery {
  Ticket ticket = 0;
  unsigned attempt = 1;         // 1 for the first
  std::string_view message_id;  // 26 characters
  std::string_view queue;
  std::string_view key;                                                // empty: none
  std::string_view content_type;                                       // empty: none was given
  std::string_view idempotency_key;                                    // the producer's, or the message id
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // from Forebay-Forward-*
  std::string_view method, target;  // of a forwarded request: instead of the sink's, and after its url
  std::string_view body;
  size_t reply_bytes_max = 0;  // above 0: the whole reply is asked for, up to so many bytes of body
  std::shared_ptr<const void> keep;
};

class SinkListener {
 public:
  virtual ~SinkListener() = default;
  virtual void on_outcome(Ticket ticket, Outcome outcome) = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void deliver(Delivery delivery) = 0;
  // Other settings, of the same sink. Attempts under way end as they began; connections live on.
  virtual void reconfigure(const SinkConfig& config) = 0;
  // Ends every attempt under way as unanswered (reported before this returns) and closes all handles.
  virtual void shut_down() = 0;
};

}  // namespace forebay
